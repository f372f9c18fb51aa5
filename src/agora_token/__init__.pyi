"""What users import, for type checkers; ``__init__.py`` has the same names."""

from ._backend import BackendInfo as BackendInfo
from ._backend import backend_info as backend_info
from .builders import ApaasTokenBuilder as ApaasTokenBuilder
from .builders import ChatTokenBuilder as ChatTokenBuilder
from .builders import ConvoAITokenBuilder as ConvoAITokenBuilder
from .builders import EducationTokenBuilder as EducationTokenBuilder
from .builders import FpaTokenBuilder as FpaTokenBuilder
from .builders import Role_Admin as Role_Admin
from .builders import Role_Attendee as Role_Attendee
from .builders import Role_Publisher as Role_Publisher
from .builders import Role_Rtm_User as Role_Rtm_User
from .builders import Role_Subscriber as Role_Subscriber
from .builders import RtcTokenBuilder as RtcTokenBuilder
from .builders import RtmTokenBuilder as RtmTokenBuilder
from .builders import SttTokenBuilder as SttTokenBuilder
from .builders.access_token import AccessToken as AccessToken
from .builders.access_token import SimpleTokenBuilder as SimpleTokenBuilder
from .builders.access_token import kAdministrateChannel as kAdministrateChannel
from .builders.access_token import kInvitePublishAudioStream as kInvitePublishAudioStream
from .builders.access_token import kInvitePublishDataStream as kInvitePublishDataStream
from .builders.access_token import kInvitePublishVideoStream as kInvitePublishVideoStream
from .builders.access_token import kJoinChannel as kJoinChannel
from .builders.access_token import kPublishAudiocdn as kPublishAudiocdn
from .builders.access_token import kPublishAudioStream as kPublishAudioStream
from .builders.access_token import kPublishDataStream as kPublishDataStream
from .builders.access_token import kPublishVideoCdn as kPublishVideoCdn
from .builders.access_token import kPublishVideoStream as kPublishVideoStream
from .builders.access_token import kRequestPublishAudioStream as kRequestPublishAudioStream
from .builders.access_token import kRequestPublishDataStream as kRequestPublishDataStream
from .builders.access_token import kRequestPublishVideoStream as kRequestPublishVideoStream
from .builders.access_token import kRtmLogin as kRtmLogin
from .builders.access_token2 import AccessToken2 as AccessToken2
from .errors import AgoraTokenError as AgoraTokenError
from .explaining import Diagnosis as Diagnosis
from .explaining import explain as explain
from .issuer import Issuer as Issuer
from .privileges import Privilege as Privilege
from .privileges import Role as Role
from .reading import read as read
from .reasons import Reason as Reason
from .services import ApaasService as ApaasService
from .services import ChatService as ChatService
from .services import ConvoAIService as ConvoAIService
from .services import FCdnService as FCdnService
from .services import FpaService as FpaService
from .services import RtcService as RtcService
from .services import Rtm2Service as Rtm2Service
from .services import RtmService as RtmService
from .services import StreamingService as StreamingService
from .services import SttService as SttService
from .token_info import TokenInfo as TokenInfo
from .verifying import verify as verify
from .verifying import verify_many as verify_many

__version__: str
__all__: list[str]
