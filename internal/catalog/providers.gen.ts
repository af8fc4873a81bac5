// Written by `npm run gen` from the files providers/*/*.provider.ts; do not edit.
import type { ProviderDefinition } from '../sdk/provider.ts';
import generic from '../../providers/generic/generic.provider.ts';
import genericHmac from '../../providers/generic/generic-hmac.provider.ts';
import github from '../../providers/github/github.provider.ts';
import slack from '../../providers/slack/slack.provider.ts';

/** Every provider, in order of its type. */
export const providers: readonly ProviderDefinition[] = [generic, genericHmac, github, slack];
