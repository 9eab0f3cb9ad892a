"""Which members a model has at a place of its data: what a name that is none of them may have been meant to be."""

from collections.abc import Iterator, Sequence
from typing import get_args

from pydantic import BaseModel


def members_at(model: type[BaseModel], path: Sequence[str]) -> tuple[str, ...]:
    """Return the names a model allows in the object that lies at `path`; none where no object of ours lies there.

    A place in a list is named by its number, as in the paths of refusals: `child`, `0`.
    """
    here = [model]
    for part in path:
        if not part.isdigit():
            here = [
                inner
                for one in here
                if part in one.model_fields
                for inner in _models(one.model_fields[part].annotation)
            ]
    return tuple(dict.fromkeys(name for one in here for name in one.model_fields))


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models an annotation is made of: optional, one of several, or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for inner in get_args(annotation):
        yield from _models(inner)
