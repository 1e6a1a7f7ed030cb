"""The texts of the card on drift, in English and French."""

from __future__ import annotations

DRIFT_TEXTS: dict[str, tuple[str, str]] = {
    "drift": ("Texts unlike those of training", "Textes différents de ceux de l’entraînement"),
    "drift_unit": ("by week", "par semaine"),
    "drift_none": (
        "No week has been compared with training yet: run python -m flows.drift.",
        "Aucune semaine n’a encore été comparée à l’entraînement : lancez python -m flows.drift.",
    ),
    "drift_damaged": ("The measured drift cannot be read", "La dérive mesurée est illisible"),
    "drift_few": (
        "Week of {day}: too few different texts to compare ({texts}).",
        "Semaine du {day} : trop peu de textes différents pour comparer ({texts}).",
    ),
    "drift_alike": (
        "Week of {day}: the texts are like those that the model learned from.",
        "Semaine du {day} : les textes ressemblent à ceux dont le modèle a appris.",
    ),
    "drift_little": (
        "Week of {day}: the texts hardly differ from those that the model learned from.",
        "Semaine du {day} : les textes diffèrent à peine de ceux dont le modèle a appris.",
    ),
    "drift_as_known": (
        "Week of {day}: the texts differ from those that the model learned from, as before.",
        "Semaine du {day} : les textes diffèrent de ceux dont le modèle a appris, comme avant.",
    ),
    "drift_alarm": (
        "Week of {day}: the texts differ from those that the model learned from.",
        "Semaine du {day} : les textes diffèrent de ceux dont le modèle a appris.",
    ),
    "drift_remedy": (
        "Review the audit tweets on the tab Review, so that a retraining can learn from them.",
        "Jugez les tweets d’audit dans l’onglet Relecture, pour qu’un nouvel entraînement en apprenne.",
    ),
    "drift_training": ("Distance to training", "Distance à l’entraînement"),
    "drift_known": ("To known production", "À la production connue"),
    "drift_chance": ("By chance at most", "Par hasard, au plus"),
    "drift_scale": (
        "0: the texts are alike; 1: every text shows where it is from",
        "0 : les textes se ressemblent ; 1 : chaque texte montre d’où il vient",
    ),
    "drift_note": (
        "{day}\n{training}: {distance}\n{chance}: {most}\n{texts} texts",
        "{day}\n{training} : {distance}\n{chance} : {most}\n{texts} textes",
    ),
    "drift_unknown": (
        "Unknown words: {share} (validation tweets: {usual}). Mean score: {score} ({expected}).",
        "Mots inconnus : {share} (tweets de validation : {usual}). Score moyen : {score} ({expected}).",
    ),
    "drift_new": ("New words", "Nouveaux mots"),
    "drift_vanished": ("Missing words", "Mots absents"),
    "drift_no_words": ("none", "aucun"),
}
