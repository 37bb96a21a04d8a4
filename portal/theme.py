"""Colours and type, once: CSS custom properties, the Plotly template and the tokens of drawings.

Light and dark have the same names; everything that is drawn names a token and never a colour.
Text tokens keep 4.5:1 against `surface` in both schemes.
"""

from collections.abc import Mapping
from typing import Any, Literal

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

TOKENS: Mapping[Scheme, Mapping[str, str]] = {
    "light": {
        "ground": "#f7f7f5",
        "surface": "#ffffff",
        "raised": "#ffffff",
        "sunken": "#f1f1ee",
        "line": "#e5e5e0",
        "line-strong": "#cfcfc8",
        "ink": "#17181c",
        "ink-soft": "#45484f",
        "muted": "#646872",
        "faint": "#9a9da5",
        "accent": "#3056d3",
        "accent-strong": "#2443ab",
        "accent-soft": "#e9eefc",
        "accent-ink": "#ffffff",
        "before": "#9aa0ab",
        "good": "#137a52",
        "good-soft": "#e3f4ec",
        "bad": "#c2352b",
        "bad-soft": "#fcebe9",
        "warn": "#8f5a07",
        "warn-soft": "#fcf3df",
        "series-1": "#3056d3",
        "series-2": "#0d8f83",
        "series-3": "#c77a12",
        "series-4": "#b5447e",
        "series-5": "#6d58c4",
        "series-6": "#7b828f",
        "shadow": "rgba(20, 22, 30, 0.08)",
        "edge": "rgba(20, 22, 30, 0.13)",
    },
    "dark": {
        "ground": "#101114",
        "surface": "#17191d",
        "raised": "#1f2227",
        "sunken": "#1d2025",
        "line": "#282b31",
        "line-strong": "#3b3f47",
        "ink": "#f0f1f3",
        "ink-soft": "#c5c8ce",
        "muted": "#9a9fa9",
        "faint": "#6b707a",
        "accent": "#86a2ff",
        "accent-strong": "#a9bdff",
        "accent-soft": "#222c4b",
        "accent-ink": "#0e1430",
        "before": "#737985",
        "good": "#56c596",
        "good-soft": "#173227",
        "bad": "#ff8379",
        "bad-soft": "#3a1f1d",
        "warn": "#e3b25a",
        "warn-soft": "#352a14",
        "series-1": "#86a2ff",
        "series-2": "#4cc7b8",
        "series-3": "#eaa94f",
        "series-4": "#ee86b7",
        "series-5": "#ab99f5",
        "series-6": "#9aa1ad",
        "shadow": "rgba(0, 0, 0, 0.4)",
        "edge": "rgba(0, 0, 0, 0.55)",
    },
}

FONT = (
    '"Inter Variable", Inter, -apple-system, BlinkMacSystemFont, "Segoe UI Variable", "Segoe UI", '
    'Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif'
)

SERIES = tuple(f"@series-{number}" for number in range(1, 7))


def custom_properties() -> str:
    """The style sheet that gives every token its value in each scheme."""
    rules = [
        f'[data-mantine-color-scheme="{scheme}"]{{color-scheme:{scheme};--font:{FONT};'
        + "".join(f"--{name}:{value};" for name, value in TOKENS[scheme].items())
        + "}"
        for scheme in SCHEMES
    ]
    return "".join(rules)


def plotly_template(scheme: Scheme) -> dict[str, Any]:
    """The look of every figure; added once, in the browser."""
    tokens = TOKENS[scheme]
    axis = {
        "gridcolor": tokens["line"],
        "linecolor": tokens["line-strong"],
        "tickcolor": tokens["line-strong"],
        "zeroline": False,
        "automargin": True,
        "ticks": "",
        "tickfont": {"size": 11, "color": tokens["muted"]},
        "labelalias": {"+0": "0", "+0%": "0%", "+0 pt": "0 pt"},
        "title": {"font": {"size": 11, "color": tokens["muted"]}, "standoff": 8},
    }
    label = {"bgcolor": tokens["raised"], "bordercolor": tokens["line-strong"]}
    return {
        "layout": {
            "font": {"family": FONT, "size": 12, "color": tokens["ink-soft"]},
            "colorway": [tokens[token.removeprefix("@")] for token in SERIES],
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": {**axis, "showgrid": False, "showline": True, "ticklabelstandoff": 3},
            "yaxis": {**axis, "showline": False, "nticks": 5, "ticklabelstandoff": 4},
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "hoverlabel": {
                **label,
                "font": {"family": FONT, "size": 12, "color": tokens["ink"]},
                "align": "left",
            },
            "hovermode": "x unified",
            "showlegend": False,
            "legend": {
                "orientation": "h",
                "y": 1.02,
                "yanchor": "bottom",
                "x": 0,
                "font": {"size": 11, "color": tokens["ink-soft"]},
                "bgcolor": "rgba(0,0,0,0)",
            },
            "dragmode": False,
            "selectionrevision": 0,
            "separators": ". ",
        },
        "data": {
            "bar": [{"marker": {"line": {"width": 0}}}],
            "scatter": [{"line": {"width": 2}, "cliponaxis": False}],
        },
    }


def look() -> dict[str, Any]:
    """What drawings need of each scheme, as the JSON that the document carries once."""
    return {
        scheme: {"tokens": TOKENS[scheme], "template": plotly_template(scheme)}
        for scheme in SCHEMES
    }
