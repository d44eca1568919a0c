-- An account's tokens that set a password stay good beside each other: whoever asks for another one must not end the owner's.
alter table password_resets drop constraint password_resets_pkey, drop constraint password_resets_token_hash_key;
alter table password_resets add constraint password_resets_pkey primary key (token_hash);
create index password_resets_user_idx on password_resets (user_id);
