"""An engine: one way of reading, made of topics and a model.

What it found carries its name, so that what another engine would find can be told apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sousveil.claims.finder import find
from sousveil.claims.identity import engine_name
from sousveil.claims.model import Model, shipped_model
from sousveil.model import Claim, Document
from sousveil.topics.load import Topic


@dataclass(frozen=True, slots=True)
class Engine:
    """What to look for, and the weights that judge it."""

    topics: tuple[Topic, ...]
    model: Model
    name: str  # claims/identity.py

    def find(self, document: Document) -> list[Claim]:
        """Return the claims in a document, as `finder.find` does."""
        return find(document, self.topics, model=self.model)


def engine_for(topics: Sequence[Topic], model: Model | None = None) -> Engine:
    """Return the engine of these topics with a case's own model, or else the shipped one."""
    judging = model or shipped_model()
    return Engine(tuple(topics), judging, engine_name(topics, judging.name))
