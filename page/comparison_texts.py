"""The texts of the tab "Models" beyond the main table, in English and French.

`texts` gathers them.
"""

from __future__ import annotations

# key: (English, French), as in `texts`.
COMPARISON_TEXTS: dict[str, tuple[str, str]] = {
    "test_coverage_at_90": (
        "Share that can be labelled 90% right, test",
        "Part étiquetable à 90\u00a0% de justesse, test",
    ),
    "picture_risk": (
        "How many labels are wrong when the tweets that a model is least sure of are set aside, as a chart",
        "Part d’étiquettes fausses quand les tweets les moins sûrs sont mis de côté, en graphique",
    ),
    "behaviour": (
        "Templated cases that pass, by what they try",
        "Cas types réussis, selon ce qu’ils éprouvent",
    ),
}

# How easy a model is, as `sentiment.training.comparison.EASE` says it in English.
EASE_IN_FRENCH = {
    "tfidf": "facile\u00a0: scikit-learn seul, de quelques secondes à quelques minutes sur tout "
    "processeur, rien de préentraîné à charger",
    "keras": "moyen\u00a0: TensorFlow, quelques minutes sur un processeur, apprend ses propres vecteurs "
    "de mots et demande un arrêt précoce",
    "bert": "exigeant\u00a0: PyTorch et des poids préentraînés, mieux sur un GPU, lent et gros à servir",
}
SPLITS_IN_FRENCH = {"train": "entraînement", "validation": "validation", "test": "test"}

# What the behavioural suite tries; the service, MLflow and the files say it in English.
CAPABILITIES_IN_FRENCH = {
    "vocabulary": "vocabulaire",
    "praise and blame": "éloge et reproche",
    "facts": "faits",
    "negation": "négation",
    "contrast": "contraste",
    "sarcasm": "sarcasme",
    "intensity": "intensité",
    "emoji": "émojis",
    "hashtags": "hashtags",
    "typos": "fautes de frappe",
    "case": "majuscules",
    "punctuation": "ponctuation",
    "handles and links": "mentions et liens",
    "names": "prénoms",
    "countries": "pays",
    "ratings": "notes",
    "idioms": "expressions",
    "questions": "questions",
    "numbers and dates": "nombres et dates",
    "names that are words": "noms qui sont des mots",
    "newer emoji": "émojis récents",
}
