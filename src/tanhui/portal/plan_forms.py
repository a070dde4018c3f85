"""What the public fills in about the plan."""

from __future__ import annotations

from django import forms

LONGEST = 500


class FeedbackForm(forms.Form):
    """A few sentences about a task."""

    text = forms.CharField(
        label="您的意见",
        max_length=LONGEST,
        min_length=5,
        strip=True,
        help_text=f"最多{LONGEST}字。请写事情本身，不要写姓名、电话、身份证号和住址",
        widget=forms.Textarea(attrs={"rows": 7, "autocomplete": "off"}),
        error_messages={"required": "请写下您的意见", "min_length": "至少写5个字，让人看得懂是什么事"},
    )
