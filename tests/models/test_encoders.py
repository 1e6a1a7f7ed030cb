"""Any encoder that Transformers can load for sequences is trained, exported, served and explained.

The encoders are tiny and untrained, and each has a tokenizer of its family's kind, learned here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pytest
import torch
import transformers
from progress import quiet
from tokenizers import Tokenizer, pre_tokenizers, processors, trainers
from tokenizers.models import BPE, Unigram, WordPiece
from transformers import PreTrainedTokenizerFast

import models
from models import TrainingData
from models.attribution import explain
from models.bert import BertModel, knows_emoji
from models.emoji_ratings import packaged_names, packaged_signs

# The marks of a text by their role, in the order of their ids.
BERT_MARKS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
ROBERTA_MARKS = {
    "cls_token": "<s>",
    "pad_token": "<pad>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}
SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
LEARNING = {"epochs": 8, "learning_rate": 5e-3, "batch_size": 16, "max_tokens": 32}


class Family(NamedTuple):
    """The configuration of a family of encoders, and the kind of its tokenizer."""

    config: str
    pieces: str
    marks: Mapping[str, str] = MappingProxyType(BERT_MARKS)
    more: Mapping[str, object] = MappingProxyType({})


FAMILIES = {
    "bert": Family("BertConfig", "words"),
    "roberta": Family("RobertaConfig", "bytes", ROBERTA_MARKS),
    "xlm-roberta": Family("XLMRobertaConfig", "unigrams", ROBERTA_MARKS),
    "camembert": Family("CamembertConfig", "unigrams", ROBERTA_MARKS),
    "distilbert": Family(
        "DistilBertConfig", "words", more={"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4}
    ),
    "mpnet": Family("MPNetConfig", "words", ROBERTA_MARKS),
    "electra": Family("ElectraConfig", "words", more={"embedding_size": 16}),
    "albert": Family("AlbertConfig", "unigrams", more={"embedding_size": 16}),
    "deberta-v3": Family(
        "DebertaV2Config",
        "unigrams",
        more={
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_buckets": 16,
            "max_relative_positions": -1,
        },
    ),
    "modernbert": Family("ModernBertConfig", "bytes", more={"max_position_embeddings": 128}),
}


def learn_tokenizer(family, texts):
    """A tokenizer of the family's kind, with the family's marks."""
    unknown, ends = family.marks["unk_token"], (family.marks["cls_token"], family.marks["sep_token"])
    common = {"vocab_size": 400, "special_tokens": list(family.marks.values()), "show_progress": False}
    if family.pieces == "words":
        learned, trainer = Tokenizer(WordPiece(unk_token=unknown)), trainers.WordPieceTrainer(**common)
        learned.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    elif family.pieces == "bytes":
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        learned, trainer = Tokenizer(BPE()), trainers.BpeTrainer(**common, initial_alphabet=alphabet)
        learned.pre_tokenizer = pre_tokenizers.ByteLevel()
    else:
        learned, trainer = Tokenizer(Unigram()), trainers.UnigramTrainer(**common, unk_token=unknown)
        learned.pre_tokenizer = pre_tokenizers.Metaspace()
    learned.train_from_iterator(texts, trainer)
    known = [(mark, learned.token_to_id(mark)) for mark in ends]
    around = f"{ends[0]} $A {ends[1]}"
    learned.post_processor = processors.TemplateProcessing(single=around, special_tokens=known)
    return PreTrainedTokenizerFast(tokenizer_object=learned, **family.marks)


@pytest.fixture
def encoder(request, small_corpus, tmp_path):
    """The folder of a tiny encoder, untrained, and its tokenizer."""
    family = FAMILIES[request.param]
    tokenizer = learn_tokenizer(family, small_corpus[0])
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    marks = {"cls": first, "bos": first, "sep": last, "eos": last, "pad": tokenizer.pad_token_id}
    known = {f"{name}_token_id": number for name, number in marks.items()}
    options = {**SIZE, **known, **family.more, "vocab_size": len(tokenizer), "initializer_range": 0.1}
    config = getattr(transformers, family.config)(**options)
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(tmp_path / "encoder")
    tokenizer.save_pretrained(tmp_path / "encoder")
    return tmp_path / "encoder"


@pytest.mark.slow
@pytest.mark.parametrize("encoder", FAMILIES, indirect=True)
def test_an_encoder_of_any_family_is_trained_exported_served_and_explained(encoder, small_corpus, tmp_path):
    texts, labels = small_corpus
    model = BertModel(base_model=str(encoder), **LEARNING)
    model.fit(TrainingData(texts, labels, validation=(texts, labels)), progress=quiet)
    model.export(tmp_path / "served", texts)
    served = models.load(tmp_path / "served")

    scores, exact = served.predict_proba(texts), model.predict_proba(texts)

    names = np.array(models.LABELS)
    assert (names[exact.argmax(axis=1)] == labels).mean() > 0.6  # by chance a third
    assert (scores.argmax(axis=1) == exact.argmax(axis=1)).mean() > 0.95
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    np.testing.assert_allclose(served.predict_proba(texts[:1]), scores[:1], atol=1e-6)
    assert any(word.weight for word in explain(served, texts[0]))
    assert served.words_ == (packaged_signs() if knows_emoji(model.tokenizer_) else packaged_names())


@pytest.mark.parametrize(("family", "known"), [("roberta", True), ("bert", False), ("camembert", False)])
def test_emoji_are_known_to_pieces_of_bytes_and_to_no_vocabulary_without_them(family, known, small_corpus):
    assert knows_emoji(learn_tokenizer(FAMILIES[family], small_corpus[0])) == known
