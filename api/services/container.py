"""Everything that routes need, put together once (``api/composition.py``)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from api.services.casework import Casework
from api.services.documents import DocumentVerification
from api.services.eventfeed import EventFeed
from api.services.forms import LicenseForms
from api.services.licensing import Licensing
from api.services.ports import Now, RandomBytes
from api.services.preflight import Preflight
from api.services.quickly import QuickVerification
from api.services.readiness import Readiness
from api.services.sealuses import SealUses
from api.services.signin import SignIns
from api.services.submission import Submissions
from api.services.tracking import Tracking
from api.services.uses import Uses
from api.services.vitals import Vitals
from api.store.store import Store
from ledger.world import World
from node.network import LedgerNetwork


@dataclass(frozen=True, slots=True)
class Container:
    """Services and ports of one process."""

    network: LedgerNetwork
    store: Store
    new_world: Callable[[], World]
    submissions: Submissions
    tracking: Tracking
    preflight: Preflight
    signins: SignIns
    casework: Casework
    licensing: Licensing
    uses: Uses
    license_forms: LicenseForms
    seal_uses: SealUses
    documents: DocumentVerification
    quick_verification: QuickVerification
    vitals: Vitals
    readiness: Readiness
    events: EventFeed
    now: Now
    monotonic: Callable[[], float]
    random_bytes: RandomBytes = field(repr=False)
