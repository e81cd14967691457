"""Rows: fields, constraints and querysets. No workflow, no I/O."""

from smartscope.models.alarm import Alarm, AlarmDelivery
from smartscope.models.alert_rule import AlertRule
from smartscope.models.analysis import Analysis
from smartscope.models.asked_work import AskedWork
from smartscope.models.changeset import Change, Changeset, Label
from smartscope.models.command import Command, CommandState, IdempotencyKey
from smartscope.models.denoised import Denoised
from smartscope.models.driver_lease import DriverLease
from smartscope.models.event import Event, EventCounter
from smartscope.models.event_seal import EventSeal
from smartscope.models.export import Export, ExportFormat
from smartscope.models.exposure import Exposure
from smartscope.models.fine_sum import FineSum
from smartscope.models.grid import Grid, Verdict
from smartscope.models.image import Image, ImageKind
from smartscope.models.journal import RoutineDose, Run, Step, StepItem, Wait, Wish
from smartscope.models.lease import Lease, LeaseState
from smartscope.models.microscope import Detector, Microscope, MicroscopeGrant
from smartscope.models.particle_study import ParticleStudy, StudyKind
from smartscope.models.people import ApiToken, LoginLink, Membership, Role
from smartscope.models.picking import PickEdit, Picking
from smartscope.models.preset import Preset
from smartscope.models.retention import Clearing, ClearingState, Retention
from smartscope.models.session import CollectionParameters, Session
from smartscope.models.share_link import ShareLink
from smartscope.models.sign_in_tries import SignInTries
from smartscope.models.targets import Atlas, Group, Hole, Square
from smartscope.models.trained_network import TrainedNetwork
from smartscope.models.webhook import Webhook, WebhookDelivery, WebhookState

__all__ = [
    "Alarm",
    "AlarmDelivery",
    "AlertRule",
    "Analysis",
    "ApiToken",
    "AskedWork",
    "Atlas",
    "Change",
    "Changeset",
    "Clearing",
    "ClearingState",
    "CollectionParameters",
    "Command",
    "CommandState",
    "Denoised",
    "Detector",
    "DriverLease",
    "Event",
    "EventCounter",
    "EventSeal",
    "Export",
    "ExportFormat",
    "Exposure",
    "FineSum",
    "Grid",
    "Group",
    "Hole",
    "IdempotencyKey",
    "Image",
    "ImageKind",
    "Label",
    "Lease",
    "LeaseState",
    "LoginLink",
    "Membership",
    "Microscope",
    "MicroscopeGrant",
    "ParticleStudy",
    "PickEdit",
    "Picking",
    "Preset",
    "Retention",
    "Role",
    "RoutineDose",
    "Run",
    "Session",
    "ShareLink",
    "SignInTries",
    "Square",
    "Step",
    "StepItem",
    "StudyKind",
    "TrainedNetwork",
    "Verdict",
    "Wait",
    "Webhook",
    "WebhookDelivery",
    "WebhookState",
    "Wish",
]
