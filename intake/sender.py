"""The post that the settings name."""

from __future__ import annotations

import ssl
from pathlib import Path

from config import Settings, SettingsUnusable, Smtp, read_password
from intake.post.files import FileSender
from intake.post.letter import Sender
from intake.post.null import NullSender
from intake.post.smtp import SmtpSender


def _smtp_sender(smtp: Smtp, keys: Path) -> SmtpSender:
    try:
        context = ssl.create_default_context(cafile=smtp.ca)
    except OSError as error:
        raise SettingsUnusable(
            f"ANKKURI_SMTP_CA names {smtp.ca}, which holds no certificates: "
            f"{error.strerror or type(error).__name__}"
        ) from None
    return SmtpSender(
        smtp.host,
        smtp.port,
        smtp.tls,
        context,
        smtp.sender,
        (smtp.user, read_password(keys)) if smtp.user else None,
    )


def sender_of(settings: Settings) -> Sender:
    """The post that the settings name."""
    if settings.smtp is not None:
        return _smtp_sender(settings.smtp, settings.keys)
    return FileSender(settings.letters) if settings.mail == "files" else NullSender()
