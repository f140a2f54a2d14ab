"""Forms that hold every kind of question and every appearance, for the tests of how they are answered."""
# ruff: noqa: E501 - the tables of the forms are wider than code

from __future__ import annotations

TYPED = """
| survey |
| | type | name | label | appearance | parameters | constraint | constraint_message | guidance_hint | hint |
| | begin_group | texts | Textos | field-list | | | | | |
| | text | line | Una línea | | | | | Léala despacio. | En mayúsculas no. |
| | text | lines | Varias líneas | multiline | rows=7 | | | | |
| | text | digits | Solo cifras | numbers | | | | | |
| | text | link | Página | url | | | | | |
| | text | secret | Clave | masked | | | | | |
| | end_group | | | | | | | | |
| | begin_group | numbers | Números | field-list | | | | | |
| | integer | people | Personas | | | . >= 0 or . = -88 | No menos de cero. | | |
| | decimal | weight | Peso | | | | | | |
| | integer | money | Quetzales | thousands-sep | | | | | |
| | integer | tally | Carros | counter | | | | | |
| | end_group | | | | | | | | |
| | begin_group | days | Fechas | field-list | | | | | |
| | date | day | Día | | | | | | |
| | date | known | Nacimiento | no-calendar | | | | | |
| | date | month | Mes | month-year | | | | | |
| | date | year | Año | year | | | | | |
| | time | hour | Hora | | | | | | |
| | dateTime | moment | Momento | | | | | | |
| | dateTime | past | Hace tiempo | no-calendar | | | | | |
| | end_group | | | | | | | | |
| | begin_group | scales | Escalas | field-list | | | | | |
| | range | trust | Confianza | | start=1 end=7 step=1 | | | | |
| | range | share | De 0 a 100 | | start=0 end=100 step=5 | | | | |
| | range | half | Con mitades | no-ticks | start=0 end=2 step=0.5 | | | | |
| | range | heat | De pie | vertical | start=0 end=10 step=1 tick_interval=5 placeholder=5 tick_labelset=heat | | | | |
| | range | pick | De la rueda | picker | start=1 end=30 step=1 | | | | |
| | range | stars | Estrellas | rating | start=1 end=5 step=1 | | | | |
| | end_group | | | | | | | | |
| | rank things | order | Lo más urgente | | | | | | |
| | acknowledge | aware | Lea esto | | | | | | |
| | note | thanks | Gracias por **todo**. | | | | | | |

| choices |
| | list_name | name | label |
| | things | w | Agua |
| | things | r | Caminos |
| | things | j | Empleo |
| | heat | 0 | Nada |
| | heat | 5 | Algo |
| | heat | 10 | Mucho |

| settings |
| | form_title | form_id | version |
| | Lo que se escribe | typed | 1 |
"""

_FEW = "".join(f"| | few | {code} | {label} |\n" for code, label in enumerate(("Bien", "Regular", "Mal"), 1))
_MANY = "".join(f"| | many | v{n} | Aldea número {n} |\n" for n in range(1, 61))

CHOSEN = f"""
| survey |
| | type | name | label | appearance | relevant | required | required_message |
| | select_one few | plain | Simple | | | yes | Elija una, por favor. |
| | select_one few | quickly | Rápida | quick | | | |
| | select_one agree | likert | De acuerdo | likert | | | |
| | select_one many | village | Aldea | | | | |
| | begin_group | looks | Aspectos | field-list | | | |
| | select_one few | fold | Plegada | minimal | | | |
| | select_multiple few | folds | Plegadas | minimal | | | |
| | select_one few | auto | Buscada | autocomplete | | | |
| | select_one few | cols | Columnas | columns | | | |
| | select_one few | cols3 | Tres columnas | columns-3 no-buttons | | | |
| | select_multiple few | pack | Juntas | columns-pack | | | |
| | select_multiple few | several | Varias | | | | |
| | select_one few or_other | other | Otra | | | | |
| | end_group | | | | | | |
| | begin_group | table | Tabla | table-list | | | |
| | select_one few | row1 | La calle | | | | |
| | select_one few | row2 | El mercado | | | | |
| | end_group | | | | | | |
| | select_multiple few | inline | En fila | list | | | |
| | select_one_from_file sites.geojson | site | Lugar | map | | | |

| choices |
| | list_name | name | label |
{_FEW}| | agree | 1 | Muy de acuerdo |
| | agree | 2 | De acuerdo |
| | agree | 3 | Ni de acuerdo ni en desacuerdo |
| | agree | 4 | En desacuerdo |
| | agree | 5 | Muy en desacuerdo |
| | agree | 88 | No sabe |
{_MANY}
| settings |
| | form_title | form_id | version |
| | Lo que se elige | chosen | 1 |
"""

SITES = """{"type": "FeatureCollection", "features": [
 {"type": "Feature", "id": "north", "properties": {"title": "Norte"},
  "geometry": {"type": "Point", "coordinates": [-90.0, 17.0]}},
 {"type": "Feature", "id": "south", "properties": {"title": "Sur"},
  "geometry": {"type": "Point", "coordinates": [-91.0, 14.0]}},
 {"type": "Feature", "id": "zone", "properties": {"title": "Zona"},
  "geometry": {"type": "Polygon",
   "coordinates": [[[-90.8, 15.2], [-90.2, 15.2], [-90.2, 15.8], [-90.8, 15.8], [-90.8, 15.2]]]}}]}"""

PLACED = """
| survey |
| | type | name | label | appearance | parameters | trigger | relevant |
| | start-geopoint | began | | | | | |
| | geopoint | spot | Punto | | capture-accuracy=10 warning-accuracy=50 | | |
| | geopoint | wide | Punto impreciso | maps | capture-accuracy=2 warning-accuracy=3 | | |
| | geopoint | placed | En el mapa | placement-map | | | |
| | geotrace | path | Camino | | | | |
| | geoshape | field | Terreno | | | | |
| | select_one yn | done | ¿Listo? | | | | |
| | background-geopoint | after | | | | ${done} | |

| choices |
| | list_name | name | label |
| | yn | 1 | Sí |
| | yn | 0 | No |

| settings |
| | form_title | form_id | version |
| | Lugares | placed | 1 |
"""

MIRRORED = """
| survey |
| | type | name | label::Español (es) | label::العربية (ar) | hint::Español (es) | hint::العربية (ar) | appearance | read_only | default | required |
| | text | who | ¿Cómo se llama? | ما اسمك؟ | Nombre | الاسم الأول | | | | yes |
| | select_one safe | safe | **${who}**, ¿se siente segura? | هل تشعر بالأمان يا ${who}؟ | | | likert | | | yes |
| | integer | age | Edad | العمر | | | | | | |
| | text | fixed | Código | الرمز | | | | yes | A-12 | |
| | select_multiple safe | many | Varias | عدة | | | | | | |

| choices |
| | list_name | name | label::Español (es) | label::العربية (ar) |
| | safe | 1 | Muy segura | آمنة جدا |
| | safe | 2 | Poco segura | غير آمنة |

| settings |
| | form_title | form_id | version | default_language |
| | Espejo | mirrored | 1 | Español (es) |
"""

SECTIONS = """
| survey |
| | type | name | label | relevant | required |
| | begin_group | home | La casa | | |
| | integer | rooms | ¿Cuántos cuartos? | | yes |
| | select_one yn | water | ¿Hay agua? | | yes |
| | text | source | ¿De dónde? | ${water} = '1' | |
| | end_group | | | | |
| | begin_group | street | La calle | | |
| | select_one yn | light | ¿Hay luz? | | yes |
| | note | seen | Cuartos: ${rooms} | | |
| | end_group | | | | |

| choices |
| | list_name | name | label |
| | yn | 1 | Sí |
| | yn | 0 | No |

| settings |
| | form_title | form_id | version |
| | Por secciones | sections | 1 |
"""

FORMS = {"typed": TYPED, "chosen": CHOSEN, "placed": PLACED, "mirrored": MIRRORED, "sections": SECTIONS}
FILES = {"chosen": {"sites.geojson": SITES.encode()}}
