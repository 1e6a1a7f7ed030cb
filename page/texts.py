"""Every text of the page, in English and French.

What the service says is shown as the service says it.
"""

from __future__ import annotations

import re
from typing import Any

import gradio as gr

from page.comparison_texts import COMPARISON_TEXTS
from page.drift_texts import DRIFT_TEXTS
from page.file_texts import FILE_TEXTS
from page.learning_texts import LEARNING_TEXTS
from page.monitor_texts import MONITOR_TEXTS
from page.production_texts import PRODUCTION_TEXTS
from sentiment.language import Language, decimal

# key: (English, French). Gradio's translator treats a straight apostrophe as markup, so the
# typographic one is used throughout.
TEXTS: dict[str, tuple[str, str]] = {
    "subtitle": (
        "How does a tweet feel? Ask, then say if the answer is right.",
        "Quel sentiment dans ce tweet ? Demandez, puis dites si la réponse est juste.",
    ),
    "tab_try": ("Try it", "Essayer"),
    "tab_file": ("Score a file", "Noter un fichier"),
    "tab_models": ("Models", "Modèles"),
    # The status line
    "status_ready": ("Service ready", "Service prêt"),
    "status_waiting": ("Service not ready", "Service pas encore prêt"),
    "status_down": ("Service unreachable", "Service injoignable"),
    # The training in the background
    "training_now": (
        "Training {model}, model {place} of {models}",
        "Entraînement de {model}, modèle {place} sur {models}",
    ),
    "training_left": ("about {minutes} min left", "encore {minutes} min environ"),
    "training_then": (
        "Then the gate compares it with the model that answers now. A better one takes over here, live.",
        "Ensuite, le contrôle le compare au modèle qui répond ici. Meilleur, il prend le relais aussitôt.",
    ),
    # Labels
    "negative": ("Negative", "Négatif"),
    "neutral": ("Neutral", "Neutre"),
    "positive": ("Positive", "Positif"),
    # Try it
    "tweet": ("Tweet, in English", "Tweet, en anglais"),
    "tweet_hint": ("Type a tweet, then press Enter", "Écrivez un tweet, puis appuyez sur Entrée"),
    "predict": ("Predict", "Prédire"),
    "examples": ("Or pick one", "Ou choisissez-en un"),
    "answered_in": ("answered in {ms} ms", "réponse en {ms} ms"),
    "uncertain": ("The model is not sure of this label.", "Le modèle n’est pas sûr de cette étiquette."),
    "uncertain_row": ("not sure", "pas sûr"),
    "speaks_for": ("speaks for “{label}”", "parle pour « {label} »"),
    "speaks_against": ("speaks against “{label}”", "parle contre « {label} »"),
    "weights_hint": (
        "the stronger the colour, the more it weighs",
        "plus la couleur est forte, plus le mot pèse",
    ),
    "without_word": ("Without this word, “{label}”: {share}", "Sans ce mot, « {label} » : {share}"),
    "percent": ("{value}%", "{value}\u00a0%"),
    # Feedback
    "ask_right": ("Is this right?", "Est-ce juste ?"),
    "comment": ("Comment (optional)", "Commentaire (facultatif)"),
    "comment_hint": ("It is sent together with your answer", "Il est envoyé avec votre réponse"),
    "yes": ("Right", "Juste"),
    "no": ("Wrong", "Faux"),
    "ask_label": ("Which label is right?", "Quelle est la bonne étiquette ?"),
    "back": ("Back", "Retour"),
    "thanks": ("Thank you, your feedback is recorded.", "Merci, votre avis est enregistré."),
    "thanks_again": (
        "Already recorded: this prediction had its feedback, and the first answer counts.",
        "Déjà enregistré : cette prédiction avait son avis, et la première réponse compte.",
    ),
    "feedback_id": ("Feedback id", "Numéro de l’avis"),
    "nothing_to_judge": (
        "There is no prediction to judge any more: predict the tweet again.",
        "Il n’y a plus de prédiction à juger : refaites la prédiction.",
    ),
    # Models
    "models_empty": ("No model has been trained yet.", "Aucun modèle n’a encore été entraîné."),
    "models_remedy": (
        "Run <code>make train</code>: it trains three models, compares them on the same tweets "
        "and names the winner. Then come back.",
        "Lancez <code>make train</code> : trois modèles sont entraînés et comparés, et le "
        "meilleur est nommé. Puis revenez.",
    ),
    "models_damaged": (
        "{file} cannot be read: run make train again.",
        "{file} ne peut être lu : relancez make train.",
    ),
    "winner": ("Winner", "Gagnant"),
    "winner_why": (
        "the best macro F1 on the validation tweets",
        "le meilleur F1 macro sur les tweets de validation",
    ),
    "trained_on": (
        "Trained {date}, profile {profile}, on {dataset}",
        "Entraîné le {date}, profil {profile}, sur {dataset}",
    ),
    "model": ("Model", "Modèle"),
    "val_f1_macro": ("Macro F1, validation", "F1 macro, validation"),
    "test_f1_macro": ("Macro F1, test", "F1 macro, test"),
    "test_accuracy": ("Accuracy, test", "Exactitude, test"),
    "latency_ms_p50": ("Latency p50", "Latence p50"),
    "latency_ms_p95": ("Latency p95", "Latence p95"),
    "train_seconds": ("Training", "Entraînement"),
    "size_mb": ("Size", "Taille"),
    "ease": (
        "How easy to train and run (our judgement)",
        "Facilité d’entraînement et d’usage (notre jugement)",
    ),
    "measure": ("Measure", "Mesure"),
    "picture": ("The models compared, as a chart", "Les modèles comparés, en graphique"),
    "hyperparameters": ("Hyperparameters: {model}", "Hyperparamètres\u00a0: {model}"),
    "split": ("Split", "Partie"),
    "dataset": ("Tweets per label", "Tweets par étiquette"),
    # What went wrong with the service
    "error_down": (
        "The service at {address} cannot be reached: start it with “make serve”, or check "
        "SENTIMENT_SERVICE_URL.",
        "Le service à {address} est injoignable : lancez-le avec « make serve », ou vérifiez "
        "SENTIMENT_SERVICE_URL.",
    ),
    "error_slow": (
        "The service at {address} did not answer in time: your text is kept, try again in a moment.",
        "Le service à {address} n’a pas répondu à temps : votre texte est gardé, réessayez dans un instant.",
    ),
    "error_strange": (
        "The answer (HTTP {status}) is not one of Sentiloop’s service: check "
        "SENTIMENT_SERVICE_URL ({address}).",
        "La réponse (HTTP {status}) n’est pas celle du service Sentiloop : vérifiez "
        "SENTIMENT_SERVICE_URL ({address}).",
    ),
    "error_refused": ("The service refused (HTTP {status})", "Le service a refusé (HTTP {status})"),
    "error_title": ("That did not work", "Cela n’a pas marché"),
    **FILE_TEXTS,
    **COMPARISON_TEXTS,
    **MONITOR_TEXTS,
    **DRIFT_TEXTS,
    **LEARNING_TEXTS,
    **PRODUCTION_TEXTS,
}

# A French line never breaks before these signs.
_BEFORE_A_SIGN = re.compile(r" (?=[:;?!»%])|(?<=«) ")
TRANSLATIONS: dict[str, dict[str, str]] = {
    "en": {key: english for key, (english, _) in TEXTS.items()},
    "fr": {key: _BEFORE_A_SIGN.sub("\u00a0", french) for key, (_, french) in TEXTS.items()},
}


# Gradio has words of its own under keys such as `file`, so the page's keys carry a prefix.
_PREFIX = "sentiloop_"
I18N = gr.I18n(
    **{
        language: {_PREFIX + key: text for key, text in texts.items()}
        for language, texts in TRANSLATIONS.items()
    }
)


def shown(key: str) -> Any:
    """Return a text that the browser shows in its own language."""
    return I18N(_PREFIX + key)


def language_of(request: gr.Request) -> Language:
    """Return the language of the page's reader."""
    return pick_language(request.headers.get("accept-language"))


def pick_language(accept_language: str | None) -> Language:
    """Return the first language of an Accept-Language header if it is French, else English."""
    first = (accept_language or "").split(",")[0].strip().lower()
    return "fr" if first == "fr" or first.startswith(("fr-", "fr;")) else "en"


def say(language: Language, key: str, **values: object) -> str:
    """Return a text of the page, with its values filled in."""
    return TRANSLATIONS[language][key].format(**values)


def percent(language: Language, share: float, digits: int = 0) -> str:
    """Return a share of 1 as a percentage."""
    return say(language, "percent", value=decimal(language, share * 100, digits))
