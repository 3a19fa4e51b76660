"""What ends a test that asks for what it must not get."""

from __future__ import annotations

from typing import Any, ClassVar, Self, cast


class Abort(BaseException):
    """Not an Exception, so that neither an SDK's retries, nor a fallback provider, nor a broad
    ``except`` of the application delays or hides it.
    """

    failure: ClassVar[type[BaseException] | None] = None
    """A test runner's own exception for a failed test, which every stop then is as well. A runner
    takes an unknown BaseException for the end of everything: pytest runs no further finalizer."""

    def __new__(cls, *args: Any) -> Self:
        kind = cls
        if Abort.failure is not None and not issubclass(cls, Abort.failure):
            members = {"__module__": cls.__module__, "__doc__": cls.__doc__}
            kind = cast(type[Self], type(cls.__name__, (cls, Abort.failure), members))
        return super().__new__(kind, *args)


def leaves(error: BaseException | None) -> list[BaseException]:
    """What an exception is made of: itself, or what task groups gathered in it, at any depth."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in leaves(one)]
    return [] if error is None else [error]
