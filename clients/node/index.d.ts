import type { Clock, Entry, Event, Fault, Info, Install, NewSpace, RequestFilter, Website } from "./openapi.js";

export * from "./openapi.js";

/** The website's short name, as `w1`, or its UUID. */
export type WebsiteName = string;

/** A world of its own in a server. Its credentials lead to it, so tests with a space each run in parallel. */
export declare class Space implements AsyncDisposable {
  /** Everything that is known of it. */
  readonly facts: Readonly<Info>;
  /** For `client.setRestHost(…)` of `crisp-api`. */
  readonly url: string;
  /** The same with `/v1/`. */
  readonly restUrl: string;
  /** The control API of this space. */
  readonly controlUrl: string;
  readonly identifier: string;
  readonly key: string;
  readonly pluginId: string;
  readonly hookSecret: string;
  /** The variables that `crisp-mock exec` gives its command: for a plugin that runs as a process. */
  readonly env: Record<string, string>;

  /** Every website that has the plugin, by its id. */
  websites(): Promise<Record<string, Website>>;
  /** An operator saves settings. Rejects when the schema refuses them. */
  save(website: WebsiteName, settings: Record<string, unknown>): Promise<Website>;
  /** A website installs the plugin: the one named, or a new one. */
  install(website?: WebsiteName, options?: Omit<Install, "website_id">): Promise<Website>;
  /** A website uninstalls the plugin. */
  uninstall(website: WebsiteName): Promise<void>;
  /** Arms a fault: `fault("since#2", { status: 503 })`, or a fault as in a plan. Gives its ids. */
  fault(at: string, effect: Omit<Fault, "at">): Promise<number[]>;
  fault(fault: Fault | Fault[]): Promise<number[]>;
  /** Moves the clock: `advance("20s")`. A manual clock waits for the web hooks that fall due. */
  advance(by: string): Promise<Clock>;
  /** Something happens at Crisp that the plugin is told of, such as `message:send`. */
  emit(event: string, website?: WebsiteName, data?: Record<string, unknown>): Promise<Event>;
  /** The requests that match, oldest first. With `wait: "5s"` it waits until one does, and is empty if none did. */
  requests(filter?: RequestFilter): Promise<Entry[]>;
  /** Rejects when an armed fault met no request: then the test did not try what it is about. */
  expectNoUnfired(): Promise<void>;
  /** The newest requests as text, with the faults that met them. */
  journal(): Promise<string>;
  /** A call of the control API: `control("PUT", "/quota", { limit: 100 })`. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Removes the space. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server with a space of its own. */
export declare class Mock extends Space {
  /** A further space: with these options, else those that `start` was given. */
  space(options?: NewSpace): Promise<Space>;
}

/** What `start` takes: the options of its space, and `args`, further arguments of `crisp-mock serve`. */
export type StartOptions = NewSpace & { args?: string[] };

/**
 * Takes the server that CRISP_MOCK_CONTROL_URL names (`crisp-mock exec` sets it), or starts one on a free port
 * that ends with this process. Closing it stops a server of its own.
 */
export declare function start(options?: StartOptions): Promise<Mock>;
