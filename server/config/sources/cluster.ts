import { statSync } from 'node:fs';
import { CLUSTER_SETTINGS } from '../cluster-settings.ts';
import type { ConfigInput } from '../config.ts';
import type { Problem, Problems } from '../problem.ts';
import type { PlacedSettings } from './placed-settings.ts';

const PATHS = Object.keys(CLUSTER_SETTINGS) as (keyof typeof CLUSTER_SETTINGS)[];
const OTHER_USERS = 0o007;

/** The cluster, if it has a name. @param given The settings of the cluster in the sources. */
export function clusterOf(given: ConfigInput['cluster'], settings: PlacedSettings, problems: Problems): Pick<ConfigInput, 'cluster'> {
  if (settings.isGiven('cluster.name') || problems.has('cluster.name')) return { cluster: given ?? null };
  for (const path of PATHS) {
    if (settings.isGiven(path) && settings.values[path] !== false) problems.add(path, 'needs --cluster too, which makes this server a member');
  }
  return { cluster: null };
}

/** Warns of credentials that other users of the machine can read. */
export function credentialsWarnings(settings: PlacedSettings): Problem[] {
  const file = settings.values['cluster.credentialsFile'];
  const mode = file === '' ? 0 : (statSync(file, { throwIfNoEntry: false })?.mode ?? 0);
  if ((mode & OTHER_USERS) === 0) return [];
  return [{ place: settings.placeOf('cluster.credentialsFile'), text: `every user of this machine can use ${file}: chmod 600`, fault: 'content' }];
}
