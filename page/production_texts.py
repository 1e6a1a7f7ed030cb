"""The texts on accuracy in production and on what the audit lacks, in English and French."""

from __future__ import annotations

PRODUCTION_TEXTS: dict[str, tuple[str, str]] = {
    "production": ("Accuracy in production", "Exactitude en production"),
    "production_of": (
        "{model}, last four weeks, tweets drawn at random",
        "{model}, quatre dernières semaines, tweets tirés au hasard",
    ),
    "production_between": ("between {low} and {high}", "entre {low} et {high}"),
    "production_f1": (
        "Macro F1 {value}, between {low} and {high}",
        "F1 macro {value}, entre {low} et {high}",
    ),
    "production_promised": ("Its scores promised {value}.", "Ses scores promettaient {value}."),
    "production_untrue": (
        "That was not so: <code>python -m flows.calibrate</code> corrects later ones.",
        "C’était inexact : <code>python -m flows.calibrate</code> corrige les suivants.",
    ),
    "production_labels": ("{count} labels", "{count} étiquettes"),
    "production_unclear": ("{count} unclear", "{count} pas clairs"),
    "production_skipped": ("{count} skipped", "{count} passés"),
    "production_disputed": ("{count} in dispute", "{count} en désaccord"),
    "production_waiting": ("{count} not judged yet", "{count} pas encore jugés"),
    "production_none": (
        "No audit labels yet: review some in the tab <b>Review</b>.",
        "Pas encore d’étiquettes d’audit : jugez quelques tweets dans l’onglet <b>Relecture</b>.",
    ),
    "production_few": (
        "{count} audit labels of the last four weeks; a figure needs {least}. Review some in the tab "
        "<b>Review</b>.",
        "{count} étiquettes d’audit ces quatre dernières semaines ; il en faut {least}. Jugez quelques "
        "tweets dans l’onglet <b>Relecture</b>.",
    ),
    "production_earlier": ("grey: earlier models", "en gris : modèles précédents"),
    "production_bound": ("dashed: the alert’s bound of {bound}", "tirets : limite de l’alerte, {bound}"),
    "production_week": ("week to {day}", "semaine au {day}"),
    "production_weeks": ("By week, with 95% intervals", "Par semaine, avec intervalles à 95 %"),
    "production_summary": (
        "Accuracy in production by week. {weeks}",
        "Exactitude en production par semaine. {weeks}",
    ),
    "production_failed": ("The audit cannot be read", "L’audit est illisible"),
    # Progress, on the tab "Review"
    "audit_title": ("Audit: tweets drawn at random", "Audit : tweets tirés au hasard"),
    "audit_progress": (
        "{judged} of {drawn} judged · {unclear} unclear · {skipped} skipped",
        "{judged} sur {drawn} jugés · {unclear} pas clairs · {skipped} passés",
    ),
    "audit_missing_title": (
        "What the gate needs to see a better model",
        "Ce qu’il faut au contrôle pour voir un meilleur modèle",
    ),
    "audit_missing": (
        "{count} more labels would show a gain of {points} points",
        "{count} étiquettes de plus montreraient un gain de {points} points",
    ),
    "audit_enough": (
        "Labels enough to show a gain of {points} points",
        "Assez d’étiquettes pour montrer un gain de {points} points",
    ),
    # The verdict, on the tab "Models"
    "verdict_production": ("In production:", "En production\u00a0:"),
}
