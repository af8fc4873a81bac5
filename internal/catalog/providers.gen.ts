// Written by `npm run gen` from the files providers/*/*.provider.ts; do not edit.
import type { ProviderDefinition } from '../sdk/provider.ts';
import alertmanager from '../../providers/alertmanager/alertmanager.provider.ts';
import azuredevops from '../../providers/azuredevops/azuredevops.provider.ts';
import azureeventhub from '../../providers/azureeventhub/azureeventhub.provider.ts';
import bitbucket from '../../providers/bitbucket/bitbucket.provider.ts';
import bitbucketserver from '../../providers/bitbucketserver/bitbucketserver.provider.ts';
import datadog from '../../providers/datadog/datadog.provider.ts';
import discord from '../../providers/discord/discord.provider.ts';
import generic from '../../providers/generic/generic.provider.ts';
import genericHmac from '../../providers/generic/generic-hmac.provider.ts';
import gitea from '../../providers/gitea/gitea.provider.ts';
import giteapullrequestcomment from '../../providers/gitea/giteapullrequestcomment.provider.ts';
import github from '../../providers/github/github.provider.ts';
import githubdispatch from '../../providers/github/githubdispatch.provider.ts';
import githubpullrequestcomment from '../../providers/github/githubpullrequestcomment.provider.ts';
import gitlab from '../../providers/gitlab/gitlab.provider.ts';
import gitlabmergerequestcomment from '../../providers/gitlab/gitlabmergerequestcomment.provider.ts';
import googlechat from '../../providers/googlechat/googlechat.provider.ts';
import googlepubsub from '../../providers/googlepubsub/googlepubsub.provider.ts';
import grafana from '../../providers/grafana/grafana.provider.ts';
import incidentIo from '../../providers/incident-io/incident.io.provider.ts';
import lark from '../../providers/lark/lark.provider.ts';
import matrix from '../../providers/matrix/matrix.provider.ts';
import msteams from '../../providers/msteams/msteams.provider.ts';
import nats from '../../providers/nats/nats.provider.ts';
import opsgenie from '../../providers/opsgenie/opsgenie.provider.ts';
import otel from '../../providers/otel/otel.provider.ts';
import pagerduty from '../../providers/pagerduty/pagerduty.provider.ts';
import rocket from '../../providers/rocket/rocket.provider.ts';
import sentry from '../../providers/sentry/sentry.provider.ts';
import slack from '../../providers/slack/slack.provider.ts';
import telegram from '../../providers/telegram/telegram.provider.ts';
import webex from '../../providers/webex/webex.provider.ts';
import zoom from '../../providers/zoom/zoom.provider.ts';
import zulip from '../../providers/zulip/zulip.provider.ts';

/** Every provider, in order of its type. */
export const providers: readonly ProviderDefinition[] = [alertmanager, azuredevops, azureeventhub, bitbucket, bitbucketserver, datadog, discord, generic, genericHmac, gitea, giteapullrequestcomment, github, githubdispatch, githubpullrequestcomment, gitlab, gitlabmergerequestcomment, googlechat, googlepubsub, grafana, incidentIo, lark, matrix, msteams, nats, opsgenie, otel, pagerduty, rocket, sentry, slack, telegram, webex, zoom, zulip];
