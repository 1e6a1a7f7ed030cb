"""The texts of the tab "Review" and of the verdict, in English and French."""

from __future__ import annotations

LEARNING_TEXTS: dict[str, tuple[str, str]] = {
    "tab_review": ("Review", "Relecture"),
    "review_help": (
        "Judge what the model found difficult. You see the tweet alone; decide before you ask "
        "for the model’s label.",
        "Jugez ce que le modèle a trouvé difficile. Vous voyez le tweet seul ; décidez avant de "
        "demander l’étiquette du modèle.",
    ),
    "review_name": ("Your name", "Votre nom"),
    "review_key": ("Key", "Clé"),
    "review_begin": ("Begin", "Commencer"),
    "review_unclear": ("Unclear (u)", "Pas clair (u)"),
    "review_skip": ("Skip (s)", "Passer (s)"),
    "review_undo": ("Undo (z)", "Annuler (z)"),
    "review_reveal": ("Show the model’s label (r)", "Montrer l’étiquette du modèle (r)"),
    "key_negative": ("Negative (1)", "Négatif (1)"),
    "key_neutral": ("Neutral (2)", "Neutre (2)"),
    "key_positive": ("Positive (3)", "Positif (3)"),
    "review_question": ("How does this tweet feel?", "Quel sentiment dans ce tweet ?"),
    "review_model_said": ("The model said", "Le modèle a dit"),
    "review_user_said": ("somebody corrected it to", "quelqu’un l’a corrigé en"),
    "review_user_wrong": ("somebody called it wrong", "quelqu’un l’a jugé faux"),
    "note_copies": ("{count} copies", "{count} copies"),
    "note_flood": ("from a flood", "d’un afflux"),
    "note_contradictory": ("people disagree", "avis contraires"),
    "unclear": ("Unclear", "Pas clair"),
    "review_progress": (
        "{settled} of {items} settled · {mine} by you · {waiting} waiting",
        "{settled} sur {items} réglés · {mine} par vous · {waiting} en attente",
    ),
    "review_empty": ("Nothing waits for you", "Rien ne vous attend"),
    "review_empty_remedy": (
        "`python -m flows.collect` brings what people called wrong and a sample of the rest.",
        "`python -m flows.collect` apporte ce que les gens ont jugé faux et un échantillon du reste.",
    ),
    "review_closed": ("The review is closed here", "La relecture est fermée ici"),
    "review_closed_remedy": (
        "This page can be reached from other machines: set SENTIMENT_REVIEW_KEY and give it to "
        "your annotators.",
        "Cette page est accessible d’autres machines : définissez SENTIMENT_REVIEW_KEY et "
        "donnez-la à vos annotateurs.",
    ),
    "review_wrong_key": ("The key is wrong.", "La clé est fausse."),
    "review_agreement": ("Agreement", "Accord"),
    "review_pair": (
        "{first} and {second}: kappa {kappa} on {items}",
        "{first} et {second} : kappa {kappa} sur {items}",
    ),
    "review_all": (
        "All annotators: kappa {kappa} on {items}",
        "Tous les annotateurs : kappa {kappa} sur {items}",
    ),
    "review_alone": (
        "Two annotators have not judged the same tweet yet.",
        "Deux annotateurs n’ont pas encore jugé le même tweet.",
    ),
    "review_disagreement": (
        "Annotators disagree: you decide",
        "Les annotateurs ne sont pas d’accord : tranchez",
    ),
    "review_more": ("{count} more after this one", "encore {count} après celui-ci"),
    "review_files": ("Files", "Fichiers"),
    "review_import": (
        "Judgements, as Label Studio’s JSON or CSV",
        "Jugements, en JSON de Label Studio ou CSV",
    ),
    "review_imported": (
        "{kept} judgements kept, {known} known already, {problems} left out",
        "{kept} jugements gardés, {known} déjà connus, {problems} écartés",
    ),
    "review_to_json": ("Export for Label Studio", "Exporter pour Label Studio"),
    "review_to_csv": ("Export as CSV", "Exporter en CSV"),
    # The verdict, on the tab "Models"
    "verdict_title": ("The last verdict of the gate", "Le dernier verdict du contrôle"),
    "verdict_none": (
        "The gate has not judged a challenger yet.",
        "Le contrôle n’a pas encore jugé de challenger.",
    ),
    "verdict_picture": (
        "The gate’s verdict: differences with their intervals",
        "Le verdict : les écarts et leurs intervalles",
    ),
    "verdict_damaged": ("The verdict in {file} cannot be read.", "Le verdict dans {file} est illisible."),
    "verdict_override": (
        "Promoted all the same, approved by {names}: {reason}",
        "Promu malgré tout, approuvé par {names} : {reason}",
    ),
    # The shadow, on the tab "Monitor"
    "shadow": ("Shadow", "Challenger dans l’ombre"),
    "no_shadow": (
        "No challenger ran in the shadow in this time. <code>python -m flows.promote --shadow "
        "VERSION</code> starts one.",
        "Aucun challenger dans l’ombre sur cette période. <code>python -m flows.promote "
        "--shadow VERSION</code> en lance un.",
    ),
    "shadow_model": ("Shadow", "Ombre"),
    "compared": ("Compared", "Comparés"),
    "agreement": ("Agree", "D’accord"),
    "to_negative": ("→ negative", "→ négatif"),
    "to_neutral": ("→ neutral", "→ neutre"),
    "to_positive": ("→ positive", "→ positif"),
}
