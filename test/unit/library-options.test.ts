import { test } from 'node:test';
import type { ClusterConfig } from '../../server/config/cluster.ts';
import type { ComponentsConfig } from '../../server/config/components.ts';
import type { RouterConfig, SettingsConfig } from '../../server/config/config.ts';
import type { Limits } from '../../server/config/limits.ts';
import type { TlsConfig, UnixConfig, WebSocketConfig } from '../../server/config/transports.ts';
import type { WebConfig } from '../../server/config/web-settings.ts';
import type * as fault from '../../server/fixture/faults/fault.ts';
import type { FixtureOptions } from '../../server/fixture/options.ts';
import type { RequestFilter } from '../../server/fixture/requests/matching.ts';
import type { StubOptions } from '../../server/fixture/stubs/stubs.ts';
import type * as face from '../../server/index.ts';
import type { ClientOptions } from '../../server/osrf/client.ts';
import type { ServiceOptions } from '../../server/osrf/service.ts';
import type { MethodDefinition } from '../../server/osrf/service-description.ts';
import type { Listening } from '../../server/streams/listeners.ts';
import type { StanzaErrorCondition } from '../../shared/errors.ts';

/** The options of the implementation that the face does not have, or for which it takes fewer values. */
type Missing<Implementation, Face> = Exclude<keyof Implementation, keyof Face> | Narrower<Required<Implementation>, Required<Face>>;

type Narrower<Implementation, Face> = {
  [Key in keyof Implementation & keyof Face]: Exclude<Implementation[Key], undefined> extends Face[Key] ? never : Key;
}[keyof Implementation & keyof Face];

/** Does not compile if there is a name. */
function none<_Names extends never>(): void {}

test('the library takes every option that the server takes, and shows every place: the compiler proves it', () => {
  none<Missing<FixtureOptions, face.FixtureOptions>>();
  none<Missing<RouterConfig, face.RouterOptions>>();
  none<Missing<TlsConfig, face.TlsOptions>>();
  none<Missing<UnixConfig, face.UnixOptions>>();
  none<Missing<WebSocketConfig, face.WebSocketOptions>>();
  none<Missing<WebConfig, face.WebOptions>>();
  none<Missing<ComponentsConfig, face.ComponentsOptions>>();
  none<Missing<ClusterConfig, face.ClusterOptions>>();
  none<Missing<SettingsConfig, face.SettingsOptions>>();
  none<Missing<Limits, face.Limits>>();
  none<Missing<Listening, face.Listening>>();
  none<Missing<StubOptions, face.StubOptions>>();
  none<Missing<RequestFilter, face.RequestFilter>>();
  none<Missing<fault.FaultScope, face.FaultScope>>();
  none<Exclude<fault.FaultAction, face.FaultAction>>();
  none<Exclude<StanzaErrorCondition, face.StanzaErrorCondition>>();
  none<Exclude<fault.FaultKind, face.FaultKind>>();
  none<Missing<Omit<MethodDefinition, 'handle'>, face.MethodDefinition>>();
  none<Missing<Omit<ClientOptions, 'onConnected'>, face.ClientOptions>>();
  none<
    Missing<
      Omit<ServiceOptions, 'methods' | 'onConnected' | 'answerer' | 'onEvent' | 'onFailure' | 'maxBacklogBytes' | 'maxRequestBytes' | 'turns'>,
      face.ServiceOptions
    >
  >();
});
