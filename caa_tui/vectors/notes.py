"""What the reference's rules cannot say about a corpus as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.chance import noise_first_pc
from caa_tui.vectors.data import Activations
from caa_tui.vectors.quality_data import ConceptQuality
from caa_tui.vectors.sentences import number
from caa_tui.vectors.train import contrast_notes


def corpus_notes(
    acts: Activations,
    quality: Mapping[str, ConceptQuality],
    thresholds: Thresholds,
    words: Mapping[str, float | None],
) -> tuple[str, ...]:
    """Sentences for the head of a report, the widest reaching first.

    Args:
        words: concept -> `held_out_scores` of `word_stories`.
    """
    middle = str(acts.middle_layer)
    notes = list(contrast_notes(acts.rows))
    notes += _within_chance(quality, middle)
    held_out = {concept: found.held_out[middle] for concept, found in quality.items()}
    if (note := words_note(words, held_out, middle)) is not None:
        notes.append(note)
    notes += _few_stories(quality, acts.hidden_size, thresholds)
    if all(found.per_layer[middle].best_neuron_idx is None for found in quality.values()):
        notes.append(
            f"The model has no MLP output matrix at layer {middle}, so no concept can be called a single neuron."
        )
    return tuple(notes)


def _within_chance(quality: Mapping[str, ConceptQuality], layer: str) -> list[str]:
    """Said when most concepts are no better than chance: then the corpus or the model is too small, not one concept."""
    pairs = [(found.agreement[layer], found.agreement_chance[layer]) for found in quality.values()]
    known = [value <= chance for value, chance in pairs if value is not None and chance is not None]
    if 2 * sum(known) <= len(known):
        return []
    return [
        f"At layer {layer} the stories of {sum(known)} of {len(known)} concepts agree no more than stories picked at "
        "random; more stories for each concept, another layer or a larger model would tell more."
    ]


def _few_stories(quality: Mapping[str, ConceptQuality], hidden_size: int, thresholds: Thresholds) -> list[str]:
    counts = [found.n_positive_stories for found in quality.values()]
    always_one = sum(count < 3 for count in counts)
    never = sum(count >= 3 and 1 / (count - 1) >= thresholds.fragmented_below for count in counts)
    notes = []
    if always_one:
        notes.append(
            f"{_concepts(always_one, 'has', 'have')} 1 or 2 stories: the share of the largest direction is then always "
            "1.00, so being called clean means nothing there."
        )
    if never:
        notes.append(
            f"{_concepts(never, 'has', 'have')} so few stories that the share of the largest direction cannot fall "
            f"under {number(thresholds.fragmented_below)}, so the rule cannot call them fragmented; read the agreement."
        )
    if counts and (noise := noise_first_pc(max(counts), hidden_size)) < thresholds.fragmented_below:
        notes.append(
            f"The fragmented rule mostly counts stories: pure noise at {max(counts)} stories gives {number(noise)}, "
            f"under the limit of {number(thresholds.fragmented_below)} as well."
        )
    return notes


def _concepts(count: int, one: str, many: str) -> str:
    return f"1 concept {one}" if count == 1 else f"{count} concepts {many}"


def words_note(words: Mapping[str, float | None], held_out: Mapping[str, float | None], layer: str) -> str | None:
    """How well words alone tell the stories apart, beside the model; None where nothing could be held out.

    Args:
        words: concept -> `held_out_scores` of `word_stories`.
        held_out: concept -> `held_out_scores` at `layer`.
    """
    both = {name: (words[name], held_out[name]) for name in words.keys() & held_out.keys()}
    known = {name: (word, model) for name, (word, model) in both.items() if word is not None and model is not None}
    if not known:
        return None
    word_mean, model_mean = (fmean(values) for values in zip(*known.values(), strict=True))
    note = (
        f"Held out, words alone tell {number(word_mean)} of the pairs of stories apart and the model at layer {layer} "
        f"{number(model_mean)}"
    )
    if word_mean >= model_mean:
        return f"{note}: the vectors may read the words and not the feeling; tell it in other words."
    return f"{note}."
