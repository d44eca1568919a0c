-- Who reads at an address wants no mails because somebody else gave it.
alter table mail_suppressions drop constraint mail_suppressions_cause_known;
alter table mail_suppressions add constraint mail_suppressions_cause_known check (cause in ('BOUNCE', 'COMPLAINT', 'OPT_OUT'));
