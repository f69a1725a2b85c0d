"""Every body of the API, by name; they are declared in ``api.wire``."""

from api.wire.acts import (
    ActLinks,
    ActView,
    GrantorView,
    PreflightRequest,
    PreflightView,
    Prepared,
    PrepareRequest,
    RejectedGrant,
    SubmitRequest,
    Submitted,
)
from api.wire.base import BothLanguages, FaultView, Page, Problem, ReasonView, Standing
from api.wire.cases import (
    CaseView,
    DocumentInfo,
    DocumentRequest,
    DocumentStored,
    DocumentView,
    ReadView,
    RefusalView,
    StepView,
)
from api.wire.proofs import (
    BatchRequest,
    BatchView,
    CheckView,
    LicenseRecorded,
    LicenseRecordRequest,
    ProofView,
    ReportView,
    VerifyLicenseRequest,
    VerifySealRequest,
)
from api.wire.registry import (
    AgencyView,
    GrantDetail,
    GrantView,
    ItemVersionView,
    ItemView,
    LicenseView,
    OfficerView,
    SealView,
    WindowView,
)
from api.wire.sessions import (
    Challenge,
    ChallengeRequest,
    Health,
    HealthCheck,
    Network,
    Session,
    SessionRequest,
    WhoAmI,
)

__all__ = [
    "ActLinks", "ActView", "AgencyView", "BatchRequest", "BatchView", "BothLanguages", "CaseView",
    "Challenge", "ChallengeRequest", "CheckView", "DocumentInfo", "DocumentRequest", "DocumentStored",
    "DocumentView", "FaultView", "GrantDetail", "GrantView", "GrantorView", "Health", "HealthCheck",
    "ItemVersionView", "ItemView", "LicenseRecordRequest", "LicenseRecorded", "LicenseView", "Network",
    "OfficerView", "Page", "PreflightRequest", "PreflightView", "PrepareRequest", "Prepared", "Problem",
    "ProofView", "ReadView", "ReasonView", "RefusalView", "RejectedGrant", "ReportView", "SealView",
    "Session", "SessionRequest", "Standing", "StepView", "SubmitRequest", "Submitted",
    "VerifyLicenseRequest", "VerifySealRequest", "WhoAmI", "WindowView",
]  # fmt: skip
