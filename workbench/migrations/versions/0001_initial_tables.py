"""Initial tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('job',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('payload', sa.Text(), nullable=True),
    sa.Column('status', sa.Enum('waiting', 'running', 'done', 'failed', name='jobstatus', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('run_after', sa.BigInteger(), nullable=False),
    sa.Column('claimed_until', sa.BigInteger(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('finished_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job'))
    )
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.create_index('ix_job_due', ['run_after'], unique=False, sqlite_where=sa.text("status = 'waiting'"), postgresql_where=sa.text("status = 'waiting'"))
        batch_op.create_index('ix_job_waiting', ['kind', 'subject_id'], unique=True, sqlite_where=sa.text("status = 'waiting'"), postgresql_where=sa.text("status = 'waiting'"))

    op.create_table('organization',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organization')),
    sa.UniqueConstraint('name', name=op.f('uq_organization_name')),
    sa.UniqueConstraint('public_id', name=op.f('uq_organization_public_id'))
    )
    op.create_table('person',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('is_simulated', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('email', name=op.f('uq_person_email')),
    sa.UniqueConstraint('public_id', name=op.f('uq_person_public_id'))
    )
    op.create_table('annotator',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('name', sa.String(length=320), nullable=False),
    sa.Column('kind', sa.Enum('person', 'model', name='annotatorkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('is_simulated', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_annotator_organization_id_organization')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_annotator_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_annotator')),
    sa.UniqueConstraint('organization_id', 'name', name=op.f('uq_annotator_organization_id_name')),
    sa.UniqueConstraint('organization_id', 'person_id', name=op.f('uq_annotator_organization_id_person_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_annotator_public_id'))
    )
    op.create_table('audit_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.Column('subject', sa.String(length=64), nullable=False),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_audit_event_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index('ix_audit_event_organization', ['organization_id', 'id'], unique=False)

    op.create_table('campaign',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('template_key', sa.String(length=64), nullable=False),
    sa.Column('template_version', sa.String(length=32), nullable=False),
    sa.Column('options', sa.Text(), nullable=False),
    sa.Column('overlap', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('open', 'paused', 'closed', name='campaignstatus', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('guideline_version', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('import_count', sa.Integer(), nullable=False),
    sa.Column('requeue_count', sa.Integer(), nullable=False),
    sa.Column('is_simulated', sa.Boolean(), nullable=False),
    sa.Column('is_for_others', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('overlap >= 1', name=op.f('ck_campaign_overlap')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_campaign_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign')),
    sa.UniqueConstraint('organization_id', 'name', name=op.f('uq_campaign_organization_id_name')),
    sa.UniqueConstraint('public_id', name=op.f('uq_campaign_public_id'))
    )
    op.create_table('image',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('media_type', sa.String(length=20), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('source_url', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_image_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_image')),
    sa.UniqueConstraint('organization_id', 'sha256', name=op.f('uq_image_organization_id_sha256'))
    )
    with op.batch_alter_table('image', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_image_organization_id_source_url'), ['organization_id', 'source_url'], unique=False)

    op.create_table('membership',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.Enum('admin', 'qa_lead', 'engineer', 'expert', name='role', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_membership_organization_id_organization')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_membership_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_membership')),
    sa.UniqueConstraint('organization_id', 'person_id', name=op.f('uq_membership_organization_id_person_id'))
    )
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_membership_person_id'), ['person_id'], unique=False)

    op.create_table('agreement_report',
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('last_judgment_id', sa.BigInteger(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('computed_at', sa.BigInteger(), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_agreement_report_campaign_id_campaign')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_agreement_report'))
    )
    op.create_table('api_token',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('membership_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('scopes', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=True),
    sa.Column('last_used_at', sa.BigInteger(), nullable=True),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['membership_id'], ['membership.id'], name=op.f('fk_api_token_membership_id_membership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('public_id', name=op.f('uq_api_token_public_id')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_api_token_secret_hash'))
    )
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_token_membership_id'), ['membership_id'], unique=False)

    op.create_table('cursor',
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('expert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('shuffle_key', sa.BigInteger(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('requeued_seq', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_cursor_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['expert_id'], ['annotator.id'], name=op.f('fk_cursor_expert_id_annotator')),
    sa.PrimaryKeyConstraint('campaign_id', 'expert_id', name=op.f('pk_cursor'))
    )
    op.create_table('follow_up',
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('record_kind', sa.String(length=32), nullable=False),
    sa.Column('method', sa.String(length=32), nullable=False),
    sa.Column('min_judgments', sa.Integer(), nullable=False),
    sa.Column('min_confidence', sa.Double(), nullable=False),
    sa.Column('min_margin', sa.Double(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('min_judgments >= 1', name=op.f('ck_follow_up_min_judgments')),
    sa.CheckConstraint('source_id <> campaign_id', name=op.f('ck_follow_up_source')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_follow_up_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['source_id'], ['campaign.id'], name=op.f('fk_follow_up_source_id_campaign')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_follow_up'))
    )
    with op.batch_alter_table('follow_up', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_follow_up_source_id'), ['source_id'], unique=False)

    op.create_table('guideline',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_guideline_campaign_id_campaign')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guideline')),
    sa.UniqueConstraint('campaign_id', 'version', name=op.f('uq_guideline_campaign_id_version'))
    )
    op.create_table('item',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('external_id', sa.String(length=255), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('metadata', sa.Text(), nullable=False),
    sa.Column('shuffle_key', sa.BigInteger(), nullable=False),
    sa.Column('open_slots', sa.Integer(), nullable=False),
    sa.Column('requeued_seq', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('open_slots >= 0', name=op.f('ck_item_open_slots')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_item_campaign_id_campaign')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item')),
    sa.UniqueConstraint('campaign_id', 'external_id', name=op.f('uq_item_campaign_id_external_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_item_public_id'))
    )
    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.create_index('ix_item_open', ['campaign_id', 'shuffle_key', 'id'], unique=False, sqlite_where=sa.text('open_slots > 0'), postgresql_where=sa.text('open_slots > 0'))
        batch_op.create_index('ix_item_requeued', ['campaign_id', 'requeued_seq', 'id'], unique=False, sqlite_where=sa.text('open_slots > 0 AND requeued_seq IS NOT NULL'), postgresql_where=sa.text('open_slots > 0 AND requeued_seq IS NOT NULL'))

    op.create_table('release',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('manifest', sa.Text(), nullable=False),
    sa.Column('manifest_sha256', sa.String(length=64), nullable=False),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_release_campaign_id_campaign')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_release')),
    sa.UniqueConstraint('campaign_id', 'name', name=op.f('uq_release_campaign_id_name')),
    sa.UniqueConstraint('public_id', name=op.f('uq_release_public_id'))
    )
    op.create_table('sign_in',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('membership_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['membership_id'], ['membership.id'], name=op.f('fk_sign_in_membership_id_membership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_sign_in_secret_hash'))
    )
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_membership_id'), ['membership_id'], unique=False)

    op.create_table('assignment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('expert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('leased', 'submitted', 'skipped', 'released', 'expired', name='assignmentstatus', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('position', sa.Enum('current', 'next', name='position', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('presentation', sa.Text(), nullable=False),
    sa.Column('leased_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=True),
    sa.Column('ended_at', sa.BigInteger(), nullable=True),
    sa.Column('skip_reason', sa.String(length=64), nullable=True),
    sa.Column('skip_note', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_assignment_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['expert_id'], ['annotator.id'], name=op.f('fk_assignment_expert_id_annotator')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_assignment_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment')),
    sa.UniqueConstraint('item_id', 'expert_id', 'round', name=op.f('uq_assignment_item_id_expert_id_round')),
    sa.UniqueConstraint('public_id', name=op.f('uq_assignment_public_id'))
    )
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.create_index('ix_assignment_due', ['expires_at'], unique=False, sqlite_where=sa.text("status = 'leased'"), postgresql_where=sa.text("status = 'leased'"))
        batch_op.create_index('ix_assignment_live', ['expert_id', 'campaign_id', 'position'], unique=True, sqlite_where=sa.text("status = 'leased'"), postgresql_where=sa.text("status = 'leased'"))

    op.create_table('consensus',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('method', sa.String(length=32), nullable=False),
    sa.Column('value', sa.Text(), nullable=True),
    sa.Column('reason', sa.String(length=64), nullable=True),
    sa.Column('confidence', sa.Double(), nullable=True),
    sa.Column('margin', sa.Double(), nullable=True),
    sa.Column('disagreement', sa.Double(), nullable=True),
    sa.Column('n_judgments', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_consensus_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_consensus_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consensus'))
    )
    with op.batch_alter_table('consensus', schema=None) as batch_op:
        batch_op.create_index('ix_consensus_disagreement', ['campaign_id', 'method', 'disagreement'], unique=False)
        batch_op.create_index('ix_consensus_item', ['item_id', 'method'], unique=True)

    op.create_table('flag',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('annotator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(length=64), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['annotator_id'], ['annotator.id'], name=op.f('fk_flag_annotator_id_annotator')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_flag_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_flag_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_flag'))
    )
    with op.batch_alter_table('flag', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_flag_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('follow_up_item',
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_follow_up_item_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_follow_up_item_item_id_item')),
    sa.ForeignKeyConstraint(['source_item_id'], ['item.id'], name=op.f('fk_follow_up_item_source_item_id_item')),
    sa.PrimaryKeyConstraint('item_id', name=op.f('pk_follow_up_item'))
    )
    with op.batch_alter_table('follow_up_item', schema=None) as batch_op:
        batch_op.create_index('ix_follow_up_item_source', ['campaign_id', 'source_item_id'], unique=False)

    op.create_table('follow_up_outcome',
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('consensus_hash', sa.String(length=64), nullable=False),
    sa.Column('outcome', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_follow_up_outcome_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['source_item_id'], ['item.id'], name=op.f('fk_follow_up_outcome_source_item_id_item')),
    sa.PrimaryKeyConstraint('campaign_id', 'source_item_id', name=op.f('pk_follow_up_outcome'))
    )
    op.create_table('draft',
    sa.Column('assignment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('result', sa.Text(), nullable=False),
    sa.Column('active_seconds', sa.Double(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_draft_assignment_id_assignment')),
    sa.PrimaryKeyConstraint('assignment_id', name=op.f('pk_draft'))
    )
    op.create_table('judgment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('annotator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('assignment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('supersedes_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('raw', sa.Text(), nullable=True),
    sa.Column('presentation', sa.Text(), nullable=True),
    sa.Column('template_version', sa.String(length=32), nullable=False),
    sa.Column('guideline_version', sa.Integer(), nullable=True),
    sa.Column('origin', sa.Enum('submitted', 'imported', name='judgmentorigin', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('took_slot', sa.Boolean(), nullable=False),
    sa.Column('is_surplus', sa.Boolean(), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=True),
    sa.Column('active_seconds', sa.Double(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['annotator_id'], ['annotator.id'], name=op.f('fk_judgment_annotator_id_annotator')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_judgment_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_judgment_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_judgment_item_id_item')),
    sa.ForeignKeyConstraint(['supersedes_id'], ['judgment.id'], name=op.f('fk_judgment_supersedes_id_judgment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_judgment')),
    sa.UniqueConstraint('public_id', name=op.f('uq_judgment_public_id')),
    sa.UniqueConstraint('supersedes_id', name=op.f('uq_judgment_supersedes_id'))
    )
    with op.batch_alter_table('judgment', schema=None) as batch_op:
        batch_op.create_index('ix_judgment_annotator', ['annotator_id', 'campaign_id', 'id'], unique=False)
        batch_op.create_index('ix_judgment_assignment', ['assignment_id'], unique=False)
        batch_op.create_index('ix_judgment_campaign', ['campaign_id', 'id'], unique=False)
        batch_op.create_index('ix_judgment_item', ['item_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('judgment', schema=None) as batch_op:
        batch_op.drop_index('ix_judgment_item')
        batch_op.drop_index('ix_judgment_campaign')
        batch_op.drop_index('ix_judgment_assignment')
        batch_op.drop_index('ix_judgment_annotator')

    op.drop_table('judgment')
    op.drop_table('draft')
    op.drop_table('follow_up_outcome')
    with op.batch_alter_table('follow_up_item', schema=None) as batch_op:
        batch_op.drop_index('ix_follow_up_item_source')

    op.drop_table('follow_up_item')
    with op.batch_alter_table('flag', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_flag_campaign_id'))

    op.drop_table('flag')
    with op.batch_alter_table('consensus', schema=None) as batch_op:
        batch_op.drop_index('ix_consensus_item')
        batch_op.drop_index('ix_consensus_disagreement')

    op.drop_table('consensus')
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.drop_index('ix_assignment_live', sqlite_where=sa.text("status = 'leased'"), postgresql_where=sa.text("status = 'leased'"))
        batch_op.drop_index('ix_assignment_due', sqlite_where=sa.text("status = 'leased'"), postgresql_where=sa.text("status = 'leased'"))

    op.drop_table('assignment')
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_membership_id'))

    op.drop_table('sign_in')
    op.drop_table('release')
    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.drop_index('ix_item_requeued', sqlite_where=sa.text('open_slots > 0 AND requeued_seq IS NOT NULL'), postgresql_where=sa.text('open_slots > 0 AND requeued_seq IS NOT NULL'))
        batch_op.drop_index('ix_item_open', sqlite_where=sa.text('open_slots > 0'), postgresql_where=sa.text('open_slots > 0'))

    op.drop_table('item')
    op.drop_table('guideline')
    with op.batch_alter_table('follow_up', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_follow_up_source_id'))

    op.drop_table('follow_up')
    op.drop_table('cursor')
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_api_token_membership_id'))

    op.drop_table('api_token')
    op.drop_table('agreement_report')
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_membership_person_id'))

    op.drop_table('membership')
    with op.batch_alter_table('image', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_image_organization_id_source_url'))

    op.drop_table('image')
    op.drop_table('campaign')
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_event_organization')

    op.drop_table('audit_event')
    op.drop_table('annotator')
    op.drop_table('person')
    op.drop_table('organization')
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.drop_index('ix_job_waiting', sqlite_where=sa.text("status = 'waiting'"), postgresql_where=sa.text("status = 'waiting'"))
        batch_op.drop_index('ix_job_due', sqlite_where=sa.text("status = 'waiting'"), postgresql_where=sa.text("status = 'waiting'"))

    op.drop_table('job')
