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
    created_at text NOT NULL
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
INSERT INTO public.access_key VALUES ('key_Scke4e1RHB7B', 'O1Tbd8hbb4ctkVD5DwrizyIQjY3S7HrH', 'CI', 'CCOKEfoqJMBRVEelN8RaaLhp5o1ZuJGa-w7TI6wa7Mc', '2026-11-28T04:36:57.509Z', NULL, NULL, '["account:read","apps:read","apps:write","sessions:manage","keys:manage"]');
INSERT INTO public.account VALUES ('o1LWZIOUm4NsJQxMk0xiymqgV8txPvwF', 'O1Tbd8hbb4ctkVD5DwrizyIQjY3S7HrH', 'credential', 'O1Tbd8hbb4ctkVD5DwrizyIQjY3S7HrH', NULL, NULL, NULL, NULL, NULL, NULL, 'c9e863fe3e6e03eec3ed2f010cb6f59b:448867f659a55fb50413d3cc44970f9897593b020382211eb786e3e2e1d5002e8825dbc2d1d8e67fa5d7d3ae3aba7a339933f9363a14cee1c59e79183a632aa7', '2026-11-28 04:36:57.258+00', '2026-11-28 04:36:57.258+00');
INSERT INTO public.app VALUES ('app_4hbMxjZS_aF2D6gM', 'O1Tbd8hbb4ctkVD5DwrizyIQjY3S7HrH', 'First', NULL, 'Z2qLb2vx_CmpIqCXmlwB7q94uoUwIjHF', '-7CM-Uc4OYo29uSX4qj_JHB22SMOzCkh', '["ETH_MAINNET"]', NULL, '2026-11-28T04:36:57.503Z');
INSERT INTO public.client VALUES ('fixture-cli', 'Fixture', NULL, '[]', '["urn:ietf:params:oauth:grant-type:device_code"]', 0, 0, '2026-11-28T04:36:58.229Z');
INSERT INTO public.kysely_migration VALUES ('001-apps-and-access-keys', '2026-11-28T04:36:56.143Z');
INSERT INTO public.kysely_migration VALUES ('002-clients', '2026-11-28T04:36:56.149Z');
INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);
INSERT INTO public.session VALUES ('4nWkfIGo2g80BffocO0K9VYdnl39Gnbw', '2026-12-05 04:36:57.43+00', 'y6anIMj11ItXctHzaGRGJ9PZowsHqSRo', '2026-11-28 04:36:57.43+00', '2026-11-28 04:36:57.43+00', '', '', 'O1Tbd8hbb4ctkVD5DwrizyIQjY3S7HrH');
INSERT INTO public."user" VALUES ('O1Tbd8hbb4ctkVD5DwrizyIQjY3S7HrH', 'Ada Lovelace', 'ada@example.com', false, NULL, '2026-11-28 04:36:57.255+00', '2026-11-28 04:36:57.255+00', NULL);
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
