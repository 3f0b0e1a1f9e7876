"""One story in the editor, from opening to closing, apart from widgets: its file, its flags, what stands beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from caa_tui.corpus.edit import SaveConflict
from caa_tui.corpus.findings.typed import StoryIndex
from caa_tui.corpus.model import Corpus, Finding, Story
from caa_tui.errors import UserError
from caa_tui.runs.change_noise import comparable_edits
from caa_tui.tui.story_checks import caution, findings_now, moved
from caa_tui.tui.story_facts import Fact, close_concepts, facts_of
from caa_tui.tui.story_file import StoryFile, concept_and_scenario
from caa_tui.tui.story_tokens import Tokens
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.veil import can_veil
from caa_tui.tui.widgets.beside_view import Beside, besides, with_kept
from caa_tui.tui.widgets.why_pane import Why
from caa_tui.tui.workspace import Workspace
from caa_tui.vectors.flags import Evidence, Flag

CHANGED = "Another program changed the file; saving shows both texts."
AskConflict = Callable[[SaveConflict, str], Awaitable[str]]
"""Shows both texts; answers `keep`, `take` or `cancel`."""


class StorySession:
    """Everything here runs on the event loop; the file is read and written in threads, one at a time."""

    def __init__(self, workspace: Workspace, path: str, flag: Flag | None, *, is_new: bool) -> None:
        """`flag`: where the user came from; `is_new`: the file is expected not to exist."""
        self.path = path
        self.file: StoryFile | None = None
        """None until it was read, and when it cannot be."""
        self.problem = ""
        """Why the text cannot be edited."""
        self.news = ""
        """What happened to the file outside."""
        self.beside: Beside | None = None
        """What the user compares with: it stays there when a new run has other flags."""
        self._workspace = workspace
        self._flag = flag
        self._is_new = is_new
        self._previous: str | None = None
        self._drafted = ""
        self._replaced = ""
        """Hash of what the last save replaced: a scan that still has it began before the save."""
        self._run_before = workspace.run
        self._report_before = workspace.report
        self._busy = asyncio.Lock()
        self._found: tuple[tuple[str, Corpus, StoryIndex | None], tuple[Finding, ...]] | None = None

    @property
    def text(self) -> str:
        """As it is on disk."""
        return self.file.text if self.file else ""

    @property
    def written(self) -> bool:
        """Whether the file exists, as far as is known."""
        return self.file is not None and self.file.opened is not None

    @property
    def editable(self) -> bool:
        return self.file is not None and not self.problem and not self._workspace.read_only

    def unsaved(self, text: str) -> bool:
        """Whether the text differs from what is known to be on disk."""
        return self.file is not None and text != self.file.text

    async def load(self) -> str | None:
        """Read the file; returns what an earlier session typed into it and did not save."""
        async with self._busy:
            file = StoryFile(self._workspace.root, self._workspace.data, self.path)
            try:
                if not self._is_new or file.exists:
                    await asyncio.to_thread(file.read)
            except UserError as error:
                self.problem = str(error)
                return None
            self.file = file
            self._previous = await asyncio.to_thread(file.previous)
            if not can_veil(file.text):
                key = self._workspace.keys.name("story_external")
                self.problem = f"The text has private-use characters that this editor cannot keep; use {key}."
                return None
            draft = await asyncio.to_thread(file.draft)
            return draft if draft is not None and can_veil(draft) and self.editable else None

    async def save(self, text: str, ask: AskConflict) -> str | None:
        """Write the text; returns what is on disk afterwards, or None when the user called it off.

        Raises:
            UserError, OSError: it cannot be written; the old content is untouched.
        """
        async with self._busy:
            if self.file is None:
                raise UserError(self.problem or "The story is still being read; save again in a moment.")
            replaced = self.file.opened.file_sha256 if self.file.opened else ""
            try:
                await asyncio.to_thread(self.file.save, text)
            except SaveConflict as conflict:
                if not await self._resolve(self.file, conflict, text, ask):
                    return None
            self.news, self._replaced = "", replaced
            self._previous = await asyncio.to_thread(self.file.previous)
            return self.file.text

    async def _resolve(self, file: StoryFile, conflict: SaveConflict, text: str, ask: AskConflict) -> bool:
        """Ask which text to keep, again while the file keeps changing."""
        while True:
            answer = await ask(conflict, text)
            if answer == "cancel":
                return False
            if answer == "take":
                await asyncio.to_thread(file.take_theirs, conflict, text)
                return True
            try:
                await asyncio.to_thread(file.keep_mine, conflict, text)
            except SaveConflict as again:
                conflict = again
            else:
                return True

    def follow_disk(self, text: str) -> bool:
        """Compare with the last scan; whether the file should be read again. Unsaved typing is never given up."""
        file = self.file
        if file is None or file.opened is None or not self._workspace.loaded or self._busy.locked():
            return False
        story = self._workspace.corpus.by_path.get(self.path)
        if story is None:
            gone = f"The file is gone from the disk; {self._workspace.keys.name('save')} writes it again."
            self.news = "" if file.exists else gone
        elif story.file_sha256 == file.opened.file_sha256:
            self.news = self._replaced = ""
        elif story.file_sha256 == self._replaced:
            return False
        elif self.unsaved(text):
            self.news = CHANGED
        else:
            return True
        return False

    async def reload(self, untouched: Callable[[], bool]) -> bool:
        """Read what another program wrote; whether it is different.

        `untouched`: whether nothing was typed meanwhile; else it stays a conflict, which saving asks about.
        """
        async with self._busy:
            if self.file is None or self.file.opened is None:
                return False
            before = self.file.opened
            try:
                await asyncio.to_thread(self.file.read)
            except UserError as error:
                self.news = str(error)
                return False
            self._previous = await asyncio.to_thread(self.file.previous)
            if not untouched():
                self.file.opened, self.news = before, CHANGED
            return self.file.opened.file_sha256 != before.file_sha256

    async def keep_draft(self, text: str, now: float) -> bool:
        """Remember an unsaved text for the case that the program dies; whether there was something to write.

        `now`: seconds since the epoch. While it writes, `follow_disk` looks away, so ask that again afterwards.
        """
        file = self.file
        if file is None or not self.unsaved(text) or text == self._drafted or self._busy.locked():
            return False
        async with self._busy:
            self._drafted = text
            await asyncio.to_thread(file.keep_draft, text, now)
        return True

    async def discard(self) -> None:
        """The user gave the unsaved text up."""
        async with self._busy:
            if self.file is not None:
                await asyncio.to_thread(self.file.drop_draft)

    def before_retraining(self) -> None:
        """From now on, what moved is counted from the present run."""
        self._run_before, self._report_before = self._workspace.run, self._workspace.report

    def why(self, text: str, glyphs: Glyphs, tokens: Tokens | None = None) -> Why:
        """Why the story is here, and what is wrong with the text as it is typed."""
        workspace = self._workspace
        moves, since, caution = self._moves(glyphs)
        blank = self.file is None or not text.strip()
        notices = [sentence for sentence in (self.problem, self.news) if sentence]
        if tokens is not None and tokens.cut:
            notices.append(
                f"The text has {tokens.count:,} tokens and the model reads {tokens.limit:,}: "
                "its end is not read; shorten it."
            )
        return Why(
            path=self.path,
            notices=notices,
            evidence=self._evidence(),
            findings=() if blank else self._findings(text),
            moves=moves,
            since=since,
            caution=caution,
            facts=() if self.written or self.problem else self.facts(glyphs),
            trained=workspace.report is not None,
        )

    def _findings(self, text: str) -> tuple[Finding, ...]:
        """Worked out once for a text, a corpus and an index."""
        corpus, index = self._workspace.corpus, self._workspace.story_index
        known = self._found[0] if self._found else None
        if known is None or known[0] != text or known[1] is not corpus or known[2] is not index:
            self._found = (text, corpus, index), findings_now(corpus, self.path, text, index)
        assert self._found is not None
        return self._found[1]

    def facts(self, glyphs: Glyphs) -> tuple[Fact, ...]:
        """What to know before the first word is written."""
        return facts_of(self._workspace.corpus, self._workspace.report, self.path, glyphs)

    def besides(self) -> tuple[Beside, ...]:
        """What can stand beside the text."""
        pairs = self._evidence()
        concept, _ = concept_and_scenario(self.path)
        close = close_concepts(self._workspace.report, concept) if concept else ()
        fragmented = [flag for flag, _ in pairs if flag.kind == "fragmented" and flag.concept == concept]
        typical = [max(flag.evidence, key=lambda one: one.score).path for flag in fragmented]
        evidence = [evidence for _, evidence in pairs]
        texts = besides(self._workspace.corpus, self.path, evidence, self._previous, close, typical)
        kept = self.beside if self.beside is not None and self.beside.path != self.path else None
        return with_kept(texts, kept, self._workspace.corpus)

    def baseline(self) -> Story | None:
        """The scenario's neutral telling; None for a baseline and for a story of no scenario."""
        concept, scenario = concept_and_scenario(self.path)
        return self._workspace.corpus.baseline_of(scenario) if scenario and concept else None

    def state(self, text: str) -> str:
        """One or two words for the title line."""
        if self.file is None:
            return ""
        if not self.written:
            return "new, not written yet"
        if self.unsaved(text):
            return "unsaved"
        return "" if self.editable else "read-only"

    def _evidence(self) -> list[tuple[Flag, Evidence]]:
        """Every flag that names this story; the one the user came from first."""
        came_from = (self._flag.kind, self._flag.concept) if self._flag else None
        found = self._workspace.runs.evidence_by_path.get(self.path, ())
        return sorted(found, key=lambda pair: (pair[0].kind, pair[0].concept) != came_from)

    def _moves(self, glyphs: Glyphs) -> tuple[list[str], str, str]:
        """What the newest run changed since this story was opened, which runs are compared, and what else differs."""
        run, report = self._workspace.run, self._workspace.report
        before, report_before = self._run_before, self._report_before
        if run is None or report is None or before is None or report_before is None or run.id == before.id:
            return [], "", ""
        own, _ = concept_and_scenario(self.path)
        concepts = dict.fromkeys(name for name in (own, self._flag.concept if self._flag else None) if name is not None)
        edits = comparable_edits(before, run)
        moves = [(name, moved(report_before, report, name, glyphs, edits)) for name in concepts]
        since = f"Run {int(run.id)} against run {int(before.id)}"
        return [f"{name}: {text}" for name, text in moves if text], since, caution(before, run, self.path)
