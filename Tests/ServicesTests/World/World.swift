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
  let store: any Store
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
  let desks: [ServiceName: (runner: Runner, upkeep: Outbox)]
  private let handlers: [ServiceName: Handler]

  final class Time: Sendable {
    /// 2026-12-01T00:00:00Z: November is over in Zurich.
    let now = Mutex(Instant(milliseconds: 1_796_083_200_000))
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
    (handlers, desks) = try Self.services(
      store, clock, broker, charging ?? gateway.gateway, post, metrics)
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
    (handlers, desks) = try Self.services(store, clock, broker, gateway.gateway, post)
  }

  /// The services started anew over the ledger as it was when `backUp` was called.
  init(restoring other: World) async throws {
    try await other.store.close()
    (directory, time, clock) = (other.directory, other.time, other.clock)
    (broker, gateway, post) = (other.broker, other.gateway, other.post)
    before = other
    try Self.copy(from: "backup.db", to: "t.db", in: directory)
    store = try await SQLiteStore.open(path: Self.path(directory), migrate: false)
    (handlers, desks) = try Self.services(store, clock, broker, gateway.gateway, post)
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
    _ store: any Store, _ clock: LedgerClock, _ broker: InMemoryBroker,
    _ gateway: PaymentGateway, _ post: PaperPost,
    _ metrics: (ServiceName) -> ServiceMetrics? = { _ in nil }
  ) throws -> ([ServiceName: Handler], [ServiceName: (runner: Runner, upkeep: Outbox)]) {
    var handlers: [ServiceName: Handler] = [:]
    var desks: [ServiceName: (runner: Runner, upkeep: Outbox)] = [:]
    for service in MonthClose.services {
      let desk = LedgerSession(
        service: service, store: store, clock: clock, metrics: metrics(service))
      let handler = try Self.handler(service, desk, gateway, post)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let outbox = Outbox(desk: desk, broker: broker, logger: logger)
      let runner = Runner(
        handler: handler, desk: desk, outbox: outbox,
        ladder: RetryPolicy(service: service, delays: Self.retryDelays), tally: RunCounters(),
        logger: logger, pause: { _ in false })
      handlers[service] = handler
      desks[service] = (runner, outbox)
    }
    return (handlers, desks)
  }

  deinit {
    guard before == nil else { return }
    do { try FileManager.default.removeItem(at: directory) } catch {
      print("left behind: \(directory.path): \(error)")
    }
  }

  private static func handler(
    _ service: ServiceName, _ desk: LedgerSession, _ gateway: PaymentGateway, _ post: PaperPost
  ) throws -> Handler {
    switch service {
    case .invoicer, .closectl:
      return Handler(service: service, work: Invoicer(desk: desk, rangeSize: 3).work)
    case .charger:
      let charger = Charger(
        desk: desk, gateway: gateway,
        policy: ChargePolicy(retryDays: [3, 5, 7], inFlight: 8))
      return Handler(
        service: service, work: charger.work, announceDue: charger.announceDue)
    case .mailer:
      let mailer = try Mailer(
        desk: desk, server: post.server, from: "billing@month-close.example",
        retryDelays: Self.retryDelays,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        health: ServiceHealth())
      return Handler(service: service, work: mailer.work)
    case .holder:
      let holder = Holder(desk: desk)
      return Handler(service: service, work: holder.work, announceDue: holder.announceDue)
    case .reporter: return Handler(service: service, work: Reporter(desk: desk).work)
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
    guard let desk = desks[service] else { return false }
    var moved = false
    if let announce = handlers[service]?.announceDue { try await desk.upkeep.fireDue(announce) }
    while try await step(service) { moved = true }
    return moved
  }

  /// One batch of what is in a service's queue; `false` when there is nothing.
  @discardableResult
  func step(_ service: ServiceName, batch limit: Int = 64) async throws -> Bool {
    guard let desk = desks[service],
      try await (broker.depth(of: service.rawValue)?.messages ?? 0) > 0
    else { return false }
    let consumer = try await broker.consume(service.rawValue, prefetch: limit)
    if let batch = await consumer.next(limit: limit, linger: .zero) {
      let form = delivered.withLock { $0 }
      let formed = batch.map(form)
      try await commitChanged(formed, insteadOf: batch)
      await desk.runner.work(formed) { await consumer.settle($0) }
    }
    await consumer.stop()
    return true
  }

  /// The upkeep of a service that was started again: what is not known to be published goes out.
  func relay(_ service: ServiceName) async throws {
    try await desks[service]?.upkeep.relay(of: [service], olderThanSeconds: 10)
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
