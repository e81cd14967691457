"""How often somebody tried to sign in lately, by account and by address."""

from __future__ import annotations

from django.db import models


class SignInTries(models.Model):
    """`key` is a digest: what was typed into a form is kept nowhere."""

    key = models.CharField(max_length=64, primary_key=True)
    tries = models.PositiveIntegerField()
    began_at = models.DateTimeField(db_index=True)
