"""The one HTML document: tokens, templates and scripts that every page needs, once.

Nothing in it runs inline but what Dash itself writes; the look is carried as JSON.
"""

import orjson

from portal import typeface
from portal.components.languages import LANGUAGES
from portal.countries import names
from portal.theme import custom_properties, look

PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"


def document() -> str:
    """The index string for Dash; `{%...%}` are its own places."""
    known = {"look": look(), "countries": names(), "languages": LANGUAGES}
    facts = orjson.dumps(known).decode().replace("</", "<\\/")
    return f"""<!doctype html>
<html lang="en" data-mantine-color-scheme="light">
<head>
{{%metas%}}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{%title%}}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
{{%css%}}
<style>{typeface.rules()}{custom_properties()}</style>
<script src="/assets/scheme.js"></script>
<script src="{PLOTLY}" defer></script>
<script type="application/json" id="facts">{facts}</script>
</head>
<body>
{{%app_entry%}}
<noscript>Playhead draws its pages in the browser and needs JavaScript.</noscript>
<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
</body>
</html>"""
