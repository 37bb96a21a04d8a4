"""What is sent and answered of certificates."""

from pydantic import BaseModel, ConfigDict, Field

from portal.api.bodies import Name


class Certify(BaseModel):
    """A definition to stand for, by the fingerprint under which it was read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: Name
    metric: Name
    fingerprint: Name = Field(description="of the definition, as GET /datasets/NAME says it")
    seen: str = Field("", max_length=100, description="the id of the certificate there is, if any")


class GivenCertificate(BaseModel):
    """Who stood for a definition and when; `holds` until an edit can change its numbers."""

    id: str
    dataset: str
    metric: str
    holds: bool
    by: str
    on: str
    text: str


class CertificateGiven(BaseModel):
    """The certificate that was given."""

    certificate: GivenCertificate


class CertificateKept(BaseModel):
    """The certificate of a metric as it is now; null where there is none."""

    certificate: GivenCertificate | None


class Certificates(BaseModel):
    """Those of metrics that one may see; and the units whose metrics one certifies."""

    certificates: list[GivenCertificate]
    may_certify: list[str]
