"""What the public fills in about recycling points and quizzes: choices only, nothing that could name a person."""

from __future__ import annotations

from django import forms

from tanhui.community.types import PointState, QuizView

REPORTS = (
    (PointState.FULL.value, "满了，放不下"),
    (PointState.BROKEN.value, "坏了，不能用"),
    (PointState.OPEN.value, "可以投放"),
)


class ReportForm(forms.Form):
    """How a point is, as somebody found it."""

    state = forms.ChoiceField(
        label="您看到的情况",
        choices=REPORTS,
        widget=forms.RadioSelect,
        error_messages={"required": "请选一项", "invalid_choice": "请从几项中选一项"},
    )


class QuizForm(forms.Form):
    """The questions of a quiz, each with its options."""

    def __init__(self, quiz: QuizView, data: dict[str, str] | None = None) -> None:
        super().__init__(data)
        for no, question in enumerate(quiz.questions, start=1):
            self.fields[question.code] = forms.ChoiceField(
                label=f"{no}. {question.words}",
                choices=question.options,
                widget=forms.RadioSelect,
                error_messages={"required": "这一题还没有答", "invalid_choice": "请从选项中选一个"},
            )
