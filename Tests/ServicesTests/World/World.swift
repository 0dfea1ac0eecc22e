import Billing
import Broker
import Foundation
import Logging
import Synchronization

@testable import Ledger
@testable import Operations
@testable import Payments
@testable import Services

/// The five services over one store and the in-memory broker, moved by hand: a turn lets each
/// service take what is in its queue. The code is the code of production; only what is outside is
/// on paper.
final class World: Sendable {
  let store: LedgerStore
  let broker: InMemoryBroker
  let gateway: PaperGateway
  let post: PaperPost
  let clock: LedgerClock
  /// What becomes of each message before a service gets it: an older program's form of it, or one
  /// with additions. As it is, unless a test says otherwise.
  let delivered = Mutex<@Sendable (Delivery) -> Delivery>({ $0 })
  private let time: Time
  private let directory: URL
  /// The one this goes on from, which takes the folder away in the end.
  private let before: World?
  let services: [ServiceName: ServiceCore]

  final class Time: Sendable {
    /// 2026-12-01T00:00:00Z: November is over in Zurich.
    static let start = Instant(milliseconds: 1_796_083_200_000)
    let now = Mutex(start)

    var steady: Duration {
      .milliseconds(now.withLock { $0 }.milliseconds - Self.start.milliseconds)
    }
  }

  // A constant that is known to be good.
  // swift-format-ignore: NeverUseForceTry
  static let period = try! Period("2026-11")
  static let retryDelays: [Duration] = [.seconds(1), .seconds(10)]

  init(
    accounts: [Account], usage: [UsageRow] = [], options: SQLiteOptions = SQLiteOptions(),
    charging: PaymentGateway? = nil, metrics: (ServiceName) -> ServiceMetrics? = { _ in nil }
  ) async throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "month-close-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let time = Time()
    self.time = time
    clock = LedgerClock { time.now.withLock { $0 } }
    broker = InMemoryBroker()
    gateway = PaperGateway()
    post = PaperPost()
    before = nil
    store = try await SQLiteStore.open(path: Self.path(directory), migrate: true, options: options)
    _ = try await broker.apply(MonthClose.topology(retryDelays: Self.retryDelays))
    services = try Self.services(
      store, clock, time, broker, charging ?? gateway.gateway, post, metrics)
    try await load(accounts, usage)
  }

  /// Services started anew in the same world; the store is closed and opened as `options` say.
  init(restarting other: World, options: SQLiteOptions, migrate: Bool = true) async throws {
    try await other.store.close()
    (directory, time, clock) = (other.directory, other.time, other.clock)
    (broker, gateway, post) = (other.broker, other.gateway, other.post)
    before = other
    store = try await SQLiteStore.open(
      path: Self.path(directory), migrate: migrate, options: options)
    services = try Self.services(store, clock, time, broker, gateway.gateway, post)
  }

  /// The services started anew over the ledger as it was when `backUp` was called.
  init(restoring other: World) async throws {
    try await other.store.close()
    (directory, time, clock) = (other.directory, other.time, other.clock)
    (broker, gateway, post) = (other.broker, other.gateway, other.post)
    before = other
    try Self.copy(from: "backup.db", to: "t.db", in: directory)
    store = try await SQLiteStore.open(path: Self.path(directory), migrate: false)
    services = try Self.services(store, clock, time, broker, gateway.gateway, post)
  }

  /// A copy of the ledger, taken while nobody writes.
  func backUp() throws { try Self.copy(from: "t.db", to: "backup.db", in: directory) }

  private static func copy(from source: String, to target: String, in directory: URL) throws {
    let files = FileManager.default
    for suffix in ["", "-wal", "-shm"] {
      let old = directory.appendingPathComponent(source + suffix).path
      let new = directory.appendingPathComponent(target + suffix).path
      if files.fileExists(atPath: new) { try files.removeItem(atPath: new) }
      // The shared memory is made anew from file and journal.
      if suffix != "-shm", files.fileExists(atPath: old) {
        try files.copyItem(atPath: old, toPath: new)
      }
    }
  }

  private static func path(_ directory: URL) -> String {
    directory.appendingPathComponent("t.db").path
  }

  private static func services(
    _ store: LedgerStore, _ clock: LedgerClock, _ time: Time, _ broker: InMemoryBroker,
    _ gateway: PaymentGateway, _ post: PaperPost,
    _ metrics: (ServiceName) -> ServiceMetrics? = { _ in nil }
  ) throws -> [ServiceName: ServiceCore] {
    let settings = try Settings.read(
      service: nil,
      environment: [
        "MONTHCLOSE_RANGE_SIZE": "3", "MONTHCLOSE_IN_FLIGHT": "8",
        "MONTHCLOSE_RETRY_DELAYS": "1s,10s",
        "MONTHCLOSE_MAIL_FROM": "billing@month-close.example",
      ], arguments: [])
    var services: [ServiceName: ServiceCore] = [:]
    for service in MonthClose.services {
      let dependencies = Dependencies(
        store: store, clock: clock, broker: broker, gateway: { gateway },
        mailServer: { post.server }, pause: { _ in false }, steady: { time.steady },
        watch: ServiceWatch(metrics: metrics(service)))
      services[service] = try ServiceCore(
        service, settings, dependencies, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
    return services
  }

  deinit {
    guard before == nil else { return }
    do { try FileManager.default.removeItem(at: directory) } catch {
      print("left behind: \(directory.path): \(error)")
    }
  }

  // MARK: Moving

  func trigger(id: String = "close-2026-11", late: Bool? = nil) async throws {
    try await trigger(Self.period, id: id, late: late)
  }

  func trigger(_ period: Period, id: String? = nil, late: Bool? = nil) async throws {
    let event = Event(
      id: id ?? "close-\(period)", type: .closeRequested, source: "/test", time: clock.now(),
      data: EventData(period: period, late: late))
    await publish(try event.outgoing())
  }

  func publish(_ event: OutgoingEvent) async {
    _ = await broker.publish([StoredEvent(sequence: 0, service: .closectl, event: event).message])
  }

  /// Lets the services work until no queue has anything for them. Services left out are stopped.
  func run(without stopped: Set<ServiceName> = [], turns: Int = 200) async throws {
    for _ in 0..<turns {
      var moved = false
      for service in MonthClose.services where !stopped.contains(service) {
        if try await turn(service) { moved = true }
      }
      if !moved { return }
    }
  }

  @discardableResult
  func turn(_ service: ServiceName) async throws -> Bool {
    guard let core = services[service] else { return false }
    var moved = false
    try await announceDue(service)
    await core.outbox.publish(try await core.handler.maintain())
    while try await step(service) { moved = true }
    return moved
  }

  /// Turns the service's due work into messages.
  func announceDue(_ service: ServiceName) async throws {
    guard let core = services[service], let handler = core.handler as? any DueWorkHandler
    else { return }
    try await core.outbox.fireDue(of: handler)
  }

  /// One batch of what is in a service's queue; `false` when there is nothing.
  @discardableResult
  func step(_ service: ServiceName, batch limit: Int = 64) async throws -> Bool {
    guard let core = services[service],
      try await (broker.depth(of: service.rawValue)?.messages ?? 0) > 0
    else { return false }
    let consumer = try await broker.consume(service.rawValue, prefetch: limit)
    if let batch = await consumer.next(limit: limit, linger: .zero) {
      let form = delivered.withLock { $0 }
      let formed = batch.map(form)
      try await commitChanged(formed, insteadOf: batch)
      await core.runner.work(formed) { await consumer.settle($0) }
    }
    await consumer.stop()
    return true
  }

  /// The upkeep of a service that was started again: what is not known to be published goes out.
  func relay(_ service: ServiceName) async throws {
    guard let core = services[service] else { return }
    try await core.outbox.relay(of: [service] + core.handler.relays, olderThanSeconds: 10)
  }

  func advance(days: Int = 0, seconds: Int64 = 0) {
    time.now.withLock { $0 = $0.adding(days: days).adding(seconds: seconds) }
    broker.advance(milliseconds: Int64(days) * 86_400_000 + seconds * 1000)
  }

  var operations: Operator {
    Operator(
      store: store, broker: broker, clock: clock,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }
}
