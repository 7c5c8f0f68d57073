"""Wordings: an analyst's own words for features and concepts, laid over those they come with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from predict.errors import InputError, nearest

if TYPE_CHECKING:
    from predict.definition.agreement import FeatureWords
    from predict.history.specs import Spec

#: Forms of a number, which say what one feature counts and so belong to one feature.
_COUNTED = ("many", "one", "zero", "less")
#: Concepts named where a word is for none of them.
_NAMED = 12


def worded(specs: Sequence[Spec], wording: Mapping[str, FeatureWords]) -> tuple[Spec, ...]:
    """Return specs with the words of the definition in place of their own.

    Parameters
    ----------
    specs : sequence of Spec
        Columns of a model.
    wording : mapping of str to FeatureWords
        Name of a feature, or of a concept, → words. A feature's own words win over its concept's.

    Raises
    ------
    InputError
        There is no such feature or concept; or a number of several features is worded at once,
        which would be untrue of all but one.

    Examples
    --------
    >>> from predict.definition.agreement import FeatureWords
    >>> from predict.history.specs import Spec
    >>> spec = Spec("n_30d", "number", "behaviour", "pricing", "page “pricing”", {"one": "once"})
    >>> told = worded([spec], {"pricing": FeatureWords(topic="the price list", one="looked once")})
    >>> told[0].concept_words, told[0].words["one"]
    ('the price list', 'looked once')
    """
    names = {spec.name for spec in specs}
    concepts: dict[str, list[str]] = {}
    for spec in specs:
        concepts.setdefault(spec.concept, []).append(spec.name)
    for key, words in wording.items():
        if key not in names and key not in concepts:
            near = nearest(key, [*names, *concepts])
            raise InputError(
                "the model has no such feature or concept to word",
                where=f"[wording.{key}]",
                got=key,
                do=f"did you mean {near}?" if near else f"it has {_listed(concepts)}",
            )
        counted = [form for form in words.given() if form in _COUNTED]
        if key not in names and counted and len(concepts[key]) > 1:
            raise InputError(
                "several features would be told in the same words, which are true of one at most",
                where=f"[wording.{key}]",
                got=", ".join(counted),
                do=f"word the features one by one: {', '.join(sorted(concepts[key])[:4])}",
            )
    return tuple(_worded(spec, wording) for spec in specs)


def _listed(concepts: Mapping[str, list[str]]) -> str:
    named = sorted(concepts)
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"{', '.join(named[:_NAMED])}{more}"


def _worded(spec: Spec, wording: Mapping[str, FeatureWords]) -> Spec:
    for key in dict.fromkeys((spec.concept, spec.name)):
        if key in wording:
            words = wording[key]
            spec = replace(
                spec,
                words={**spec.words, **words.given()},
                concept_words=words.topic or spec.concept_words,
                unit=words.unit or spec.unit,
            )
    return spec
