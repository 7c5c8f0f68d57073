"""LeadModel: the model folder, complete: two fits, their words, evidence, limits; sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predict.errors import ModelError, PredictError
from predict.history.specs import Spec
from predict.learning.model import ConversionModel
from predict.publish import read_json, seal, verify, write_json

if TYPE_CHECKING:
    from predict.learning.evidence import Evidence
    from predict.learning.usual import Usual

#: The two fits: all features, and those that a bare list has too.
BASES = ("full", "profile")
#: Raised when what an older version saved can no longer be read.
_FORMAT = 2
#: What monitoring compares with; a model of an earlier version has none and scores all the same.
USUAL = "usual.json"


@dataclass(frozen=True)
class LeadModel:
    """Everything that scoring needs, and nothing that it does not.

    Parameters
    ----------
    full, profile : ConversionModel
        The fit on all features, and on the profile alone for lists without behaviour.
    specs : tuple of Spec
        One per feature, in the order of ``full``.
    evidence : mapping of str to Evidence
        Per basis.
    reference : tuple of float
        101 quantiles, ascending, of the probabilities of the reference leads: a score is the
        place among them.
    limits : mapping
        Grades and cut-offs, fixed at promotion.
    card : mapping
        Name, stage, days, digest of the definition, vocabularies, counts, versions, settings.
    definition_text : str
        The definition, as it was read.
    usual : Usual, optional
        What the leads learned from looked like, for monitoring; absent from older models.
    """

    full: ConversionModel
    profile: ConversionModel
    specs: tuple[Spec, ...]
    evidence: Mapping[str, Evidence]
    reference: tuple[float, ...]
    limits: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    definition_text: str = ""
    usual: Usual | None = None

    def model(self, basis: str) -> ConversionModel:
        """Return the fit of ``basis``: "full" or "profile"."""
        if basis not in BASES:
            raise ModelError("the model has no such basis", got=basis, do='"full" or "profile"')
        return self.full if basis == "full" else self.profile

    def spec(self, name: str) -> Spec:
        """Return the spec of a feature."""
        for spec in self.specs:
            if spec.name == name:
                return spec
        raise ModelError("the model has no such feature", got=name)

    def save(self, folder: Path) -> None:
        """Write the model folder and seal it with the SHA-256 of each file.

        Raises
        ------
        ModelError
            The folder holds something already.
        """
        if folder.exists() and any(folder.iterdir()):
            raise ModelError("the model folder holds something already", where=str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        for basis in BASES:
            self.model(basis).save(folder / basis)
        write_json(folder / "card.json", {**self.card, "format": _FORMAT})
        write_json(folder / "features.json", {"features": [s.as_dict() for s in self.specs]})
        (folder / "definition.toml").write_text(
            self.definition_text, encoding="utf-8", newline="\n"
        )
        write_json(folder / "evidence.json", {b: e.as_dict() for b, e in self.evidence.items()})
        write_json(folder / "reference.json", {"probability": list(self.reference)})
        write_json(folder / "limits.json", dict(self.limits))
        if self.usual is not None:
            write_json(folder / USUAL, self.usual.as_dict())
        seal(folder)

    @classmethod
    def load(cls, folder: Path) -> LeadModel:
        """Return the model of a sealed folder; nothing is parsed before every file is verified.

        Raises
        ------
        ModelError
            A file is missing, added or altered, or the folder is of another format.
        """
        try:
            verify(folder)
        except PredictError as error:
            raise ModelError(
                "the model folder is not as it was saved",
                where=str(folder),
                got=error.what,
                do="take a complete copy of the folder, or train again",
            ) from error
        from predict.learning.evidence import Evidence
        from predict.learning.usual import Usual

        card = read_json(folder / "card.json")
        if card.pop("format", None) != _FORMAT:
            raise ModelError(
                "the model was saved by another version of the software",
                where=str(folder),
                do="train again; the archive keeps the export",
            )
        features: Any = read_json(folder / "features.json")["features"]
        specs = tuple(Spec.from_dict(value) for value in features)
        evidence: Any = read_json(folder / "evidence.json")
        reference: Any = read_json(folder / "reference.json")["probability"]
        return cls(
            full=ConversionModel.load(folder / "full"),
            profile=ConversionModel.load(folder / "profile"),
            specs=specs,
            evidence={b: Evidence.from_dict(_in_order(v, specs)) for b, v in evidence.items()},
            reference=tuple(reference),
            limits=read_json(folder / "limits.json"),
            card=card,
            definition_text=(folder / "definition.toml").read_text(encoding="utf-8"),
            usual=Usual.from_dict(read_json(folder / USUAL)) if (folder / USUAL).exists() else None,
        )


def _in_order(evidence: Mapping[str, Any], specs: tuple[Spec, ...]) -> dict[str, Any]:
    """Return evidence with its features in the order of the columns, which JSON has sorted."""
    known = evidence["features"]
    return {**evidence, "features": {s.name: known[s.name] for s in specs if s.name in known}}
