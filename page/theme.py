"""The page's look: calm slate and teal, so that the only strong colours are those of the labels.

All fonts come with Gradio.

Of the weights that it carries only 400 and 700 are whole: its 600 lacks most of the Latin letters.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils import fonts

# Before the general fonts, some of which draw emoji in black.
_EMOJI = ("Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji")

CSS = Path(__file__).with_name("page.css")


_BLOCKS = {
    "body_background_fill": "*neutral_50",
    "body_background_fill_dark": "*neutral_950",
    "block_background_fill": "white",
    "block_border_width": "1px",
    "block_shadow": "none",
    "block_radius": "14px",
    "block_padding": "16px",
    "container_radius": "14px",
    "color_accent": "*primary_700",
    "block_label_background_fill": "transparent",
    "block_label_border_width": "0",
    "block_title_text_weight": "700",
    "block_title_text_color": "*neutral_700",
    "block_title_text_color_dark": "*neutral_200",
}
_INPUTS = {
    "input_background_fill": "white",
    "input_background_fill_dark": "*neutral_900",
    "input_border_color": "*neutral_400",
    "input_border_color_dark": "*neutral_500",
    "input_border_color_focus": "*primary_700",
    "input_border_color_focus_dark": "*primary_400",
    "input_placeholder_color": "*neutral_500",
    "input_placeholder_color_dark": "*neutral_400",
    "input_text_size": "*text_lg",
}
_BUTTONS = {
    "button_large_radius": "10px",
    "button_border_width": "1px",
    "button_primary_background_fill": "*primary_700",
    "button_primary_background_fill_hover": "*primary_800",
    "button_primary_background_fill_dark": "*primary_700",
    "button_primary_background_fill_hover_dark": "*primary_600",
    "button_primary_text_color": "white",
    "button_secondary_background_fill": "white",
    "button_secondary_background_fill_hover": "*neutral_100",
    "button_secondary_border_color": "*neutral_300",
    "button_secondary_background_fill_dark": "*neutral_800",
    "button_secondary_background_fill_hover_dark": "*neutral_700",
    "button_large_text_weight": "700",
}


def make_theme() -> gr.themes.Base:
    """Return the theme; nothing of it is fetched from elsewhere."""
    return gr.themes.Base(
        primary_hue="teal",
        secondary_hue="slate",
        neutral_hue="slate",
        radius_size="lg",
        text_size="md",
        font=[fonts.LocalFont("IBM Plex Sans", weights=(400, 700)), *_EMOJI, "system-ui", "sans-serif"],
        font_mono=[fonts.LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"],
    ).set(**_BLOCKS, **_INPUTS, **_BUTTONS)
