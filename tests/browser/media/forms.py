"""Forms that ask for what has bytes, and the files that they show."""

MEDIA = """
| survey |
| | type | name | label | hint | parameters | appearance | media::image | media::audio | constraint |
| | image | photo | Foto del puesto | | max-pixels=640 | | | | |
| | image | taken | Foto nueva | | | new | | | |
| | image | sign | Firma | | | signature | | | |
| | image | sketch | Croquis | | | draw | | | |
| | image | marked | Señale el daño | | | annotate | | | |
| | audio | voice | Voz | | quality=low | | | | |
| | video | clip | Video | | | | | | |
| | file | paper | Documento | | | | | | |
| | barcode | code | Código del equipo | | | | | | |
| | select_one parts | where | ¿Dónde? | | | image-map | body.svg | | |
| | select_multiple parts | wheres | ¿Dónde más? | | | image-map | body.svg | | |
| | select_one signs | sign_seen | ¿Cuál vio? | | | | wall.png | beep.wav | |

| choices |
| | list_name | name | label | media::image |
| | parts | head | Cabeza | |
| | parts | arm | Brazo | |
| | parts | other | Otra parte | |
| | signs | 1 | Este | wall.png |
| | signs | 2 | Otro | |

| settings |
| | form_title | form_id | version |
| | Todos los medios | media | 1 |
"""

ONE_PHOTO = """
| survey |
| | type | name | label | required |
| | image | photo | Foto | yes |
| | text | remark | Comentario | |
| settings |
| | form_title | form_id | version |
| | Una foto | one_photo | 1 |
"""

WHERE = "location-priority=high-accuracy location-min-interval=1 location-max-age=600"
AUDITED = f"""
| survey |
| | type | name | label | parameters | appearance | constraint | constraint_message |
| | audit | audit | | {WHERE} track-changes=true identify-user=true | | | |
| | text | village | Aldea | | | | |
| | integer | people | Personas | | | . < 100 | Menos de cien |
| | begin_group | pair | Juntas | | field-list | | |
| | text | left | Izquierda | | | | |
| | text | right | Derecha | | | | |
| | end_group | | | | | | |
| settings |
| | form_title | form_id | version |
| | Con registro | audited | 1 |
"""

RECORDED = """
| survey |
| | type | name | label | parameters |
| | background-audio | sound | | quality=voice-only |
| | text | first | Primera | |
| | text | second | Segunda | |
| settings |
| | form_title | form_id | version |
| | Con grabación | recorded | 1 |
"""

BODY_SVG = b"""<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="300"
  onload="window.bad = 1">
  <script>window.bad = 2</script>
  <style>#head { fill: url(https://example.org/x) }</style>
  <a xlink:href="javascript:window.bad=3"><text x="5" y="20">Cuerpo</text></a>
  <image href="https://example.org/x.png" width="10" height="10"/>
  <circle id="head" cx="100" cy="60" r="40" style="fill:#eee;stroke:#333" onclick="window.bad = 4"/>
  <rect id="arm" x="20" y="120" width="40" height="120" fill="#ddd" stroke="#333"/>
  <foreignObject width="10" height="10"><div xmlns="http://www.w3.org/1999/xhtml">x</div></foreignObject>
</svg>
"""
