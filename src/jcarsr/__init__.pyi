"""The public names and their homes: `__init__.py` reads them here, and so do type checkers."""

from jcarsr.api import Restorer as Restorer
from jcarsr.errors import DataError as DataError
from jcarsr.errors import ImageError as ImageError
from jcarsr.errors import JCARSRError as JCARSRError
from jcarsr.errors import LedgerError as LedgerError
from jcarsr.errors import MemoryLimitError as MemoryLimitError
from jcarsr.errors import PixelLimitError as PixelLimitError
from jcarsr.errors import StorageError as StorageError
from jcarsr.errors import TrainingError as TrainingError
from jcarsr.errors import WeightsError as WeightsError
from jcarsr.image import Metadata as Metadata
from jcarsr.image import Picture as Picture
from jcarsr.image import ReadOptions as ReadOptions
from jcarsr.image import SaveOptions as SaveOptions
from jcarsr.metrics.protocol import EvalProtocol as EvalProtocol
from jcarsr.networks.catalog import PRESETS as PRESETS
from jcarsr.networks.jcarsr.config import JCARSRConfig as JCARSRConfig
from jcarsr.networks.jcarsr.network import JCARSR as JCARSR
from jcarsr.one_call import restore as restore
from jcarsr.restoring.outcome import Outcome as Outcome
from jcarsr.restoring.restorer import Enlarger as Enlarger
from jcarsr.restoring.restorer import NetworkRestorer as NetworkRestorer
from jcarsr.restoring.target import Target as Target

__all__: list[str]

__version__: str
