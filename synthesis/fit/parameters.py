"""The parameters of an estimator, as scikit-learn wants to see and set them."""

from __future__ import annotations

from inspect import signature
from typing import Any

__all__ = ["Parameters"]


class Parameters:
    """For classes whose constructor does nothing but keep its arguments under their names."""

    _needs_answers = True

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        parameters = signature(cls.__init__).parameters
        return {name: one.default for name, one in parameters.items() if name != "self"}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of the constructor by name."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Any:
        """Change parameters of the constructor.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        known = self._defaults()
        for name, value in params.items():
            if name not in known:
                raise ValueError(
                    f"{name!r} is no parameter of {type(self).__name__}; it has {', '.join(known)}"
                )
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=self._needs_answers, multi_output=self._needs_answers),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(
                one_d_array=True, two_d_array=True, three_d_array=True, string=True
            ),
            requires_fit=True,
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "machine_")

    def __repr__(self) -> str:
        given = (f"{name}={getattr(self, name)!r}" for name in self._defaults())
        default = (f"{name}={value!r}" for name, value in self._defaults().items())
        changed = [one for one, other in zip(given, default, strict=True) if one != other]
        return f"{type(self).__name__}({', '.join(changed)})"
