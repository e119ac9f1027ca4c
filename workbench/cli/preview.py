"""A workbench for the time of a look: one folder, sample items, one expert."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from workbench.cli.environment import open_database
from workbench.cli.output import answer, console

if TYPE_CHECKING:
    from workbench.contracts.task_template import AnyTemplate
    from workbench.settings import Settings

EMAIL = "expert@preview.example"
_ACTOR = "preview"
_HOST = "127.0.0.1"


def preview_folder(folder: Path, *, port: int, serves: bool, as_json: bool) -> None:
    """Serve a folder on loopback until interrupted; nothing of it is kept.

    Raises:
        TemplateBroken: The folder has a fault.
    """
    from workbench.cli.serve import listen, run_server
    from workbench.contracts.folder_templates.loading import load_folder
    from workbench.settings import Settings
    from workbench.web.entrance import Entrance

    site = f"http://{_HOST}:{port}"
    template = load_folder(folder)
    with tempfile.TemporaryDirectory(prefix="workbench-preview-") as scratch:
        # Beside it may lie folders that have faults of their own.
        copied = Path(scratch) / "templates" / folder.name
        shutil.copytree(folder, copied)
        settings = Settings(
            data_dir=Path(scratch) / "data",
            database_url="",
            template_dir=copied.parent,
            log_level="WARNING",
        )
        password = secrets.token_urlsafe(9)
        rows = _sample_rows(folder, template)
        person, campaign = _furnish(settings, template, rows, password)
        made = {
            "address": f"{site}/work/{campaign}",
            "email": EMAIL,
            "password": password,
            "items": len(rows),
        }
        sign_in = f"{made['address']}\nSign in as {EMAIL} with {password}"
        if not serves:
            answer({**made, "entrance": None}, f"{template.title}: {sign_in}", as_json=as_json)
            return
        entrance = Entrance(person_id=person, goal=f"/work/{campaign}")
        # Whoever opens the address at once waits for the server instead of being refused.
        with listen(_HOST, port) as listening:
            answer(
                {**made, "entrance": f"{site}{entrance.path}"},
                f"{template.title}: {site}{entrance.path}\n"
                f"That address signs you in once; after that, {sign_in}",
                as_json=as_json,
            )
            console(stderr=True).print("Ctrl+C ends the preview; nothing of it is kept.")
            run_server(settings, host=_HOST, port=port, entrance=entrance, listening=listening)


def _sample_rows(folder: Path, template: AnyTemplate) -> Sequence[Mapping[str, Any]]:
    """Return the examples' items, or some that fit the declared fields."""
    from workbench.contracts.folder_templates.declaration import TOML, parse_declaration
    from workbench.contracts.folder_templates.samples import sample_items

    items = [example.item for example in template.examples]
    if not items:
        items = list(sample_items(parse_declaration((folder / TOML).read_text(encoding="utf-8"))))
    return [
        {"external_id": f"sample-{number}", **item} for number, item in enumerate(items, start=1)
    ]


def _furnish(
    settings: Settings,
    template: AnyTemplate,
    rows: Sequence[Mapping[str, Any]],
    password: str,
) -> tuple[int, str]:
    """Make the organization, the expert and the campaign; return the expert and the campaign."""
    from workbench.campaigns.campaign import create_campaign
    from workbench.clock import SystemClock
    from workbench.importing.items import import_items
    from workbench.migrations.runner import ensure_schema
    from workbench.models import Role
    from workbench.people.members import add_member, create_person
    from workbench.people.organizations import create_organization

    clock = SystemClock()
    settings.data_dir.mkdir(parents=True)
    with open_database(settings) as database:
        ensure_schema(database.engine)
        with database.write() as session:
            now = clock.now()
            organization = create_organization(session, name="Preview", now=now)
            person = create_person(session, email=EMAIL, name="Preview", password=password, now=now)
            add_member(
                session,
                organization_id=organization.id,
                person_id=person.id,
                role=Role.EXPERT,
                now=now,
                actor=_ACTOR,
            )
            campaign = create_campaign(
                session,
                organization_id=organization.id,
                name=template.title,
                template_key=template.key,
                options={},
                now=now,
                actor=_ACTOR,
            )
            person_id, campaign_id, public_id = person.id, campaign.id, campaign.public_id
        path = settings.data_dir / "items.jsonl"
        path.write_bytes(b"".join(to_json(row) + b"\n" for row in rows))
        import_items(database, campaign_id=campaign_id, path=path, actor=_ACTOR, clock=clock)
    return person_id, public_id
