CREATE TABLE public.access_key (
    id text NOT NULL,
    account_id text NOT NULL,
    name text NOT NULL,
    digest text NOT NULL,
    created_at text NOT NULL,
    expires_at text,
    last_used_at text,
    scopes text
);
CREATE TABLE public.account (
    id text NOT NULL,
    "accountId" text NOT NULL,
    "providerId" text NOT NULL,
    "userId" text NOT NULL,
    "accessToken" text,
    "refreshToken" text,
    "idToken" text,
    "accessTokenExpiresAt" timestamp with time zone,
    "refreshTokenExpiresAt" timestamp with time zone,
    scope text,
    password text,
    "createdAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL
);
CREATE TABLE public.app (
    id text NOT NULL,
    account_id text NOT NULL,
    name text NOT NULL,
    description text,
    api_key text NOT NULL,
    webhook_api_key text NOT NULL,
    chain_networks text NOT NULL,
    products text,
    created_at text NOT NULL,
    address_allowlist text,
    origin_allowlist text,
    ip_allowlist text
);
CREATE TABLE public.client (
    id text NOT NULL,
    name text NOT NULL,
    secret_digest text,
    redirect_uris text NOT NULL,
    grants text NOT NULL,
    require_dpop integer NOT NULL,
    resource_server integer NOT NULL,
    created_at text NOT NULL
);
CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);
CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.session (
    id text NOT NULL,
    "expiresAt" timestamp with time zone NOT NULL,
    token text NOT NULL,
    "createdAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL,
    "ipAddress" text,
    "userAgent" text,
    "userId" text NOT NULL
);
CREATE TABLE public."user" (
    id text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    "emailVerified" boolean NOT NULL,
    image text,
    "createdAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "disabledAt" timestamp with time zone
);
CREATE TABLE public.verification (
    id text NOT NULL,
    identifier text NOT NULL,
    value text NOT NULL,
    "expiresAt" timestamp with time zone NOT NULL,
    "createdAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
INSERT INTO public.access_key VALUES ('key_s4vO-MEozYNr', '4sQFBEx7SHQdvFXTh6OvpZWJAvXUvDpc', 'CI', 'bPL459Rg5EReHz8vmhFLTQfRR_nqwh8M1SGorkYoJw0', '2026-11-28T04:37:06.750Z', NULL, NULL, '["account:read","apps:read","apps:write","sessions:manage","keys:manage"]');
INSERT INTO public.account VALUES ('bUbRSSRQDFec3UzKgelZECa6Aw6ZAuRr', '4sQFBEx7SHQdvFXTh6OvpZWJAvXUvDpc', 'credential', '4sQFBEx7SHQdvFXTh6OvpZWJAvXUvDpc', NULL, NULL, NULL, NULL, NULL, NULL, '81c7e15590fa21d389efc1710863f463:f4a28d496450d8fcd51387a52e8cc8cc8c62bdace7bb79b39a1764ca97ec276548ddc13a9843279f42f06d9a5d2aa2927942ef94f3a5ab158d2e67a0a3ed1a28', '2026-11-28 04:37:06.489+00', '2026-11-28 04:37:06.489+00');
INSERT INTO public.app VALUES ('app_nLhx8X_zuomsCgP1', '4sQFBEx7SHQdvFXTh6OvpZWJAvXUvDpc', 'First', NULL, 'aGA-fIEHQLmditXywPuUVdWuQVzVqE2e', 'P1AR-gjajIDI632yI8wH5-gNaP_45ZdR', '["ETH_MAINNET"]', NULL, '2026-11-28T04:37:06.696Z', NULL, NULL, NULL);
INSERT INTO public.client VALUES ('fixture-cli', 'Fixture', NULL, '[]', '["urn:ietf:params:oauth:grant-type:device_code"]', 0, 0, '2026-11-28T04:37:07.396Z');
INSERT INTO public.kysely_migration VALUES ('001-apps-and-access-keys', '2026-11-28T04:37:05.328Z');
INSERT INTO public.kysely_migration VALUES ('002-clients', '2026-11-28T04:37:05.333Z');
INSERT INTO public.kysely_migration VALUES ('003-app-allowlists', '2026-11-28T04:37:05.334Z');
INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);
INSERT INTO public.session VALUES ('EvJcDPlA0edvJWAIo8PLqht7JzZYKhmN', '2026-12-05 04:37:06.667+00', 'mOxMXIaHkSsubDhX3Z55qYimFz9vl0YT', '2026-11-28 04:37:06.667+00', '2026-11-28 04:37:06.667+00', '', '', '4sQFBEx7SHQdvFXTh6OvpZWJAvXUvDpc');
INSERT INTO public."user" VALUES ('4sQFBEx7SHQdvFXTh6OvpZWJAvXUvDpc', 'Ada Lovelace', 'ada@example.com', false, NULL, '2026-11-28 04:37:06.45+00', '2026-11-28 04:37:06.45+00', NULL);
INSERT INTO public.verification VALUES ('v1', 'a', 'b', '2026-11-28 00:00:00+00', '2026-11-28 00:00:00+00', '2026-11-28 00:00:00+00');
ALTER TABLE ONLY public.access_key
    ADD CONSTRAINT access_key_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.access_key
    ADD CONSTRAINT access_key_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_token_key UNIQUE (token);
ALTER TABLE ONLY public."user"
    ADD CONSTRAINT user_email_key UNIQUE (email);
ALTER TABLE ONLY public."user"
    ADD CONSTRAINT user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.verification
    ADD CONSTRAINT verification_pkey PRIMARY KEY (id);
CREATE INDEX access_key_account ON public.access_key USING btree (account_id, created_at, id);
CREATE INDEX "account_userId_idx" ON public.account USING btree ("userId");
CREATE INDEX app_account ON public.app USING btree (account_id, created_at, id);
CREATE INDEX "session_userId_idx" ON public.session USING btree ("userId");
CREATE INDEX verification_identifier_idx ON public.verification USING btree (identifier);
ALTER TABLE ONLY public.account
    ADD CONSTRAINT "account_userId_fkey" FOREIGN KEY ("userId") REFERENCES public."user"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.session
    ADD CONSTRAINT "session_userId_fkey" FOREIGN KEY ("userId") REFERENCES public."user"(id) ON DELETE CASCADE;
