"""Pictures of interviews as the office shows them: decoded, turned upright, and drawn anew and small."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from survey_server.problems import UnknownMedia

_MOST_POINTS = 60_000_000
_SIDE = 720


def redraw(content: bytes) -> bytes:
    """A JPEG of at most 720 points a side; raises UnknownMedia for what isn't a picture, or is absurdly large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "GIF", "WEBP")) as picture:
                return _small(picture)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise UnknownMedia("This file can't be shown as a picture. It can be downloaded.") from error


def _small(picture: Image.Image) -> bytes:
    if picture.width * picture.height > _MOST_POINTS:
        raise ValueError("too many points")
    picture.draft("RGB", (_SIDE, _SIDE))
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((_SIDE, _SIDE))
    sheet = Image.new("RGB", upright.size, "white")
    shown = upright.convert("RGBA")
    sheet.paste(shown, mask=shown.getchannel("A"))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=80)
    return file.getvalue()
