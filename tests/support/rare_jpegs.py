"""Small JPEGs of kinds that Pillow does not write.

The arithmetic-coded ones are of a photograph of 120x100 pixels, written by cjpeg of libjpeg-turbo
with -quality 30 -arithmetic, and -progressive or -restart 2.
"""

import base64
import struct

import numpy as np

SEQUENTIAL = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1"
    "tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/yQALCABkAHgBAREA/8wABgAQEAX/2gAIAQEAAD8A0bwD6LRK9NgTHwTE80Gz"
    "xCZJnZjaxEdoTASWydcpVZxkTnkcGjxd6w7XYI1gPrVT2IM9xUEgwOBGPfg3GivK2Sz0A0oYGCibH9pf6zAgFLz6UU"
    "tWai5ew2dBR397RaJBfhbm3Vjmgaq19TXw3EXenrHn1B0p6Hia/vyySdJfMVktE25WuNTSJlDSoqLh57YkEsS+ac2Y"
    "T4iVdUkv8gSj7fawz722cmQkNTWNXB3HJ/dFv2t//XZx8pBbglyj+5i6OlRxgHjXUTAgBxoqH0z7J16a2f41lS/u0L"
    "NiwyewD199J5LQCWGHm08auhmdbQ8UmecIaazPWZYORchWKxyvg9o6kEcCAbcrCVQjZEzP2sEieCGro1z683P6N9P9"
    "tqags7vEuwRnZQvLWesGgZrb+Mxd5GhnHKLNvqIriMVxAMwD2lVQYS5dqSvwlmu3S9SXpUphm+VfM/BTDnIn0JbhxT"
    "HKjRbtWIVDf+toiqP6mMDuiQZsYz3Gay49xZa+MWQRAunLjndFhlg4LJEdGtVc1ZH4N2KBjB4qDihpVoBpwTyK1Vsf"
    "IJY7BRDLOyU4lOPuV1kAva8INEXakc6Hf2fjykPt+tDDgJDYoi2O5emlVpCdqWliDgwaBheqrQ6VHvc98MX4v6cgSM"
    "ASMBU5ksbCClPrYNtI4QD3cUSQ22VO0ZoPApdU3C2mcv332ZAt0Hz0/QvZSxgFaxaN2mmVVUrIr50jX2I95pKT+9n9"
    "hJlJRy22Z2hNdQ/fMOS6YKMUFK3Sq0vuGIJkvuDLQledn71oUC3YsbTRxPB39Sf6pWbRLLGoDIEBMJMhwS+6oqw5Oi"
    "1YvTxaxkUX2LJ0/Qm3PskbABQGbS4eOeHQTd5775pOxYqOEmU9AhGzOUQmP4RfNVxencrCRiDi4wzOuwlChO9n+Gec"
    "+8bs3rZ/KPcsYlF2AIAMNNfWJCZLmQCixgyoBRt+XsFCw5fR4BGi2pS2wVw4wlQtldAb7ZK5md6RFaPP2Ctq7wp0xp"
    "nok21ymCq3pTqUf6xkINVU4omg6xH2i3s28kWy9kv/ACPD6Mbm0AwEFfHqdE5lHwAOjC35ITg6SXvvmnAG7uzr0NMv"
    "SiG6DOdMhxBpeso+5vo5NkHZuG50C0zhr+H53JsuDXi3Cecca1kzprN8XEh4PLapuI6rwcWqQkivyW61LR8nbc26cA"
    "qFmcb3bvINi6/nc7MqE0Wpbn8zN/HxN3Abs9I3Q/GztLOj6aJv1cdvNLH904UjYpJWP5Onl37/AAXDFX9wpuASsnU3"
    "yzGOA5XCy/Jj4Y4lM6F7prb+xaILy+8eiDWxcCqnj1GLUAs9tQiXeVwzGWQYpiW7ISX10EtrXvV//tIqpLj9Da+VX1"
    "kNieWacB5CY4+QKB2x3t7gbT09OwzLWcUY1S8PN0STUJx18nihA+RzlPM6M567pxXF7tGc1WdeQPrxkPPTn4r+7K7M"
    "vVaAs7gHsP/Z"
)
PROGRESSIVE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1"
    "tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/ygALCABkAHgBAREA/8wABAAQ/9oACAEBAAAAAdBIp1YwTNIB08BAK+cOw+Nj"
    "4+lDgjJLcTd79ot8oz4ZcjLjwHIaHRMP9DQa1cSL2V05X7aIJVsqFssDi7XgvviwkfO5j5zMJmUMvvBP1amLdeKm3R"
    "3PO5JicfuYv+Jqo6NT+RrwfTKItfEgq5YQta2ylbZoB9DZWmn/zAAEEAX/2gAIAQEAAQUCzc5j5dJkHK4H6tOFkEqI"
    "cuStUxe1s59eBPEQlt6f5BuRttI2xK7e3V2x14PXeQ5K4TDAzHVgBo/CslfY3V8M+xqsv0jiUg411GhDYY+nL6+rFn"
    "7Dta1BekjZ48CBXwhr6yRqQ1LKvPtI851kBma8w6rEjrxCyGFol7+db45oy0ZkVKBaOsBDNB+Hab+gxXLpdyVn3fwe"
    "Hk7yIUD/zAAEEAX/2gAIAQEABj8CzAuP6QbYmrafYi4qdtPQu0nqkXTJPSD/zAAEEAX/2gAIAQEAAT8hxGbUx2DLIB"
    "FXrgtVVEWyDxaM9X0XAHe2sZ6bdds5AjBBRjNqEPslRnvX5+rGqCqpN5l7iTU9Wt7tZxcaK5vHMW00IskzCndwkQAn"
    "LmpK5QGOugXkMGAYPv6YvQIuYeh5AQrkksRponOAJALadflidRvub33558OoLORUwlssRBSmcvnPit6WSLSlHDkXn4"
    "uzi/Tr/XS7q2TMFFSgI0QmFFIBEDTBUMgF025yZudflpqBCHVWgJ3HApE4iULQT6TLhS1+tsN0STtcvFjGlZD55fJW"
    "qvIFsFIk+2AbkTbI0Nuo3HT9JYoILBKEjPw8453DgYow0YTdkJ5z2MD6MOVYF50JkEesTwx9UWD/2gAIAQEAAAAQL5"
    "DQU618J/uzEiBw2YD5jkFfTDQ7YP6S4P/MAAQQBf/aAAgBAQABPxCfemPB6We3CzPFRxKG/KzzeKHLOJ/sOcc+zxoA"
    "EAJ2VxR1DjwKr6D59OphOMbPiviflZLeIH+/UCifMHJKu6OymnsYpHPl7S1xigcn9t2YYuROr2Jq+Jps1lSqhUzujB"
    "RDBzJTwtqR5cmw/YKj87XY865nInBQQ+MUwyq3NpZ5RWBAdb4ADKYkJZVENJZL6Y3+6aL/AItZ9dl0IVtd8u4E1YFA"
    "qiz7E4OxUkt1L6KaT9OpRi2gnBjH6yHnRW8A4hikFc4FHbbrTpeYkHUoA9LGlfJqYFzChY03920jPC1NS9mYxOERZo"
    "P5V4rORBcn7LGc70Wd8DhnLr2gz8f/ANp8MMAFvD3uw6P3jF01L064c9W9HbFDqiG9cE+P8O6rpkB2w4p139Un0XtB"
    "4KsGuffBd9tnYRm2NhcPLigz8ks/xShKymozSCVgVVCQsC6W1/IWcV+lLXLtLui0xNm1DoodmGa8yesp5HKWJDL20C"
    "hiQbkws40d6gI6M4VoyRTVVl7t9GWpnFGx0Pm/o5GFqdRoaIIrChzMnXo3DRDHwY/SPeUt/ngkhlHRizkgRVxzJgyH"
    "O9jVHTYAuLVpb3gAaBcHw0dXtBx2rgSBkOIdNZ3AGILlXaDggrV3WIs6WcDVpn99n3pLPk286/rs5zxKCiovqVT1Ey"
    "bjpfiyXkv8kBic8/jA1//Z"
)
RESTARTS = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1"
    "tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/yQALCABkAHgBAREA/8wABgAQEAX/3QAEAB7/2gAIAQEAAD8A0bwD6LRK9NgT"
    "HwTE80GzxCZJnZjaxEdoTASWydcpVZxkTnkcGjxd6w7XYI1gPrVT2IM9xUEgwOBGPfg3GivK2Sz0A0oYGCibH9pf6z"
    "AgFLz6UUtWai5ew2dBR397RaJBfhbm3Vjmgaq19TXw3EXenrHn1B0p6Hia/vyySdJfMVktE25WuNTSJlDSoqLh57Yk"
    "EsS+ac2YT4iVdUkv8gSj7faw/9DR2z0o5xmzY9kXWAl4IvTlHgRFbXVyqJomQAQl1mCQO5z47Usqs7moaCgB0Y+P9v"
    "vbdkMXIJbmdbDfB3UJgeB2tsDDclrQItP3jm+ugPQaVrZqWfFWl7VUXrU4oENSmhH6iocX9/kXt2wfYuXZwiGWeDXZ"
    "wPk0PKZjCKlEvSiheHpulMx3wlmBAwIsUS8jVb5OFEyh0yzmbK2HPL5ZLN4WAV1zKw5qw+f3zrFlWmjlA0p8rJv61p"
    "4i/XkzrgRQ3ZqUGQrA/9HRXNigZEiTpIpolVyowGtEyW1E9N5D+koHbIpVaE7ijZrNdp1ZpxB24WGbP0DDNlu3WvbI"
    "R+5uSIs7YDLIqycVpImbYpW+OTxd2DJWbTTSBJuwFdPIsGksRncEDMWjIIy66J/6z3CUjrOBtDkEc4ouUa3PoR72wX"
    "HzYTH/AE8eQ0xIHmcnjBYQbnQmtMZc+cd+8IW+MEHwdvztjJdOgfeZ+maZGoY0sonzHCoNGuyRrxKQYuIK8Ip8Pijx"
    "liTg/9LtKS4BAGMVwzaEgzlAGpS1OexPf6jlXhrZzlFSK2NbaLKx0DiS/wDmCoK+4FvRg1fxllKgVlPb5RL4pdD6ia"
    "ZnO9uZUxXMxNq1+7DRNG7HEGTWr5lp6VbH9kyC70WKRITkHbBoPQSd94rskE9TSJGjPnzoWd/ZR4xmGgd2Wq0/+fKY"
    "ItXqeEX/AAEsl+6F/wCOW3+GRXElqNVnxU0V9wSjPMPBmRRQtuMDHxE6fRD/08tqjBKriqzNvE1SBMFqBhUXCCy28c"
    "mTPelOU+vSEbAn0BIHMftMQXlE/tcH+AfRj83F4Y0FUh9i89IF1Eu2rAZ75v6It4Z6dlqD3ys3QS75h2FuU55GXeHF"
    "RU414hU5PffOM0ENgjrDWvS3DMUu89RyVKZTEjbMd/k62u8dwC1Fzq2DVCqc4E8caWezrWEDCjPLzE3v9l3RgGc2vm"
    "Q0xMZYcqeqhlUnnaPxWQqut7FOYFJkcZSkmhSCyVoARHhyJtgQIq9A/9TQr2NXqnQ/927udUJIh/8A8P8Aq/mtLYoL"
    "z48YOJJ+EvYtitro1HbQsy2HC3upSXnGvN+AHMfmigWoYlT2vI1ZJGLeI+QgQKljvJ1K0b2ysiNB9kW6W4JC+olKfi"
    "NbG3KMZlXd5wYuADAplwc+vNnICz4WPCa4lDd7S8as9mqwU4HKdbmQ5B0AzoMTOrhrktSTxpLP8rc40K/h77ih3bxv"
    "0f0wuDDmk0W78bPVOvIUMXZ14513QMvuzngEUFhmGKtTXymmYmZ+GTsigPp2e0AkgP/V0cn4TrLOGtaDYaYbG2zJvQ"
    "304y7BaKYjV0zxRq2AR4Izn7CDa6Or2Mx2UPWvIgAl86vHJvNkEDNA/9k="
)


def lossless(grey: np.ndarray) -> bytes:
    """A lossless JPEG (T.81, annex H) of (H, W) uint8: differences to the left, five-bit codes."""
    height, width = grey.shape
    table = bytes([0, 0, 0, 0, 17, *bytes(11), *range(17)])
    bits = list[str]()
    for row in range(height):
        for column in range(width):
            left = grey[row, column - 1] if column else grey[row - 1, 0] if row else 128
            difference = int(grey[row, column]) - int(left)
            size = abs(difference).bit_length()
            value = difference if difference >= 0 else difference + (1 << size) - 1
            bits.append(f"{size:05b}" + (f"{value:0{size}b}" if size else ""))
    joined = "".join(bits)
    joined += "1" * (-len(joined) % 8)
    data = bytes(int(joined[at : at + 8], 2) for at in range(0, len(joined), 8))
    frame = struct.pack(">BHHB3B", 8, height, width, 1, 1, 0x11, 0)
    segments = ((0xC3, frame), (0xC4, b"\0" + table), (0xDA, bytes([1, 1, 0, 1, 0, 0])))
    heads = (struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body for kind, body in segments)
    return b"".join((b"\xff\xd8", *heads, data.replace(b"\xff", b"\xff\0"), b"\xff\xd9"))
