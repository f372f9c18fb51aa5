"""Education, by which aPaaS went before."""

from .apaas import ApaasTokenBuilder


class EducationTokenBuilder(ApaasTokenBuilder):
    """The same tokens under the older name."""
