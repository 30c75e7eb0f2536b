"""The `jcarsr` command: one file a subcommand, imported when it is asked for."""

from __future__ import annotations

import sys
import warnings

import typer

from jcarsr.cli.commands import Commands
from jcarsr.cli.shell import (
    SignalExit,
    escape_what_cannot_be_shown,
    is_of_output,
    output_error,
    output_is_lost,
)
from jcarsr.cli.text import on_one_line
from jcarsr.errors import JCARSRError, with_options

app = typer.Typer(
    name="jcarsr",
    cls=Commands,
    help="Small, JPEG-compressed pictures made large and clean by one network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

# What not every user has -> the extra that brings it.
_EXTRAS = {
    "torch": "torch",
    "scipy": "convert",
    "h5py": "convert",
    "lightning_fabric": "train",
    "tensorboard": "train",
    "psutil": "train",
    "matplotlib": "bench",
    "onnxscript": "export",
    "onnx_ir": "export",
    "fastapi": "web",
    "prometheus_client": "web",
    "uvicorn": "web",
    "fsspec": "ray",
    "pyarrow": "ray",
    "ray": "ray",
}


@app.callback(invoke_without_command=True)
def root(
    show_version: bool = typer.Option(False, "--version", help="Show the version and leave."),
) -> None:
    """Small, JPEG-compressed pictures made large and clean by one network."""
    if show_version:
        from importlib.metadata import version

        typer.echo(version("jcarsr"))
        raise typer.Exit
    from jcarsr.image import MAX_PIXELS, limit_pillow

    limit_pillow(MAX_PIXELS)


def main() -> None:
    """Run the command: exit code 0 all done, 1 something failed, 2 wrong usage."""
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # damage becomes notes
    escape_what_cannot_be_shown()
    try:
        app(prog_name="jcarsr")
    except JCARSRError as error:
        typer.echo(f"error: {on_one_line(with_options(str(error)))}", err=True)
        sys.exit(1)
    except OSError as error:
        if not output_is_lost() and not is_of_output(error):
            raise
        typer.echo(f"error: {output_error(error)}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        extra = _EXTRAS[error.name]
        typer.echo(f"error: this needs {error.name}: pip install 'jcarsr[{extra}]'", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(130)
    except SignalExit as end:
        typer.echo(f"ended by {end.name}", err=True)
        raise
    finally:
        output_is_lost()
