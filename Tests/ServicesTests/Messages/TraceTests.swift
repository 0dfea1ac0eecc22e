import Billing
import Broker
import Ledger
import Testing

@testable import Payments
@testable import Services

@Suite struct TraceTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let span = "b7ad6b7169203331"

  @Test(
    arguments: [
      ("00-\(trace)-\(span)-01", "01"), ("00-\(trace)-\(span)-00", "00"),
      ("00-\(trace)-\(span)-ff", "01"), ("cc-\(trace)-\(span)-01", "01"),
      ("cc-\(trace)-\(span)-01-more", "01"), ("00-\(trace)-\(span)-01-more", nil),
      ("ff-\(trace)-\(span)-01", nil), ("00-\(trace.uppercased())-\(span)-01", nil),
      ("00-00000000000000000000000000000000-\(span)-01", nil),
      ("00-\(trace)-0000000000000000-01", nil), ("00-\(trace)-\(span)", nil),
      ("00-\(trace)-\(span)-1", nil), ("00-\(trace)-\(span)-0g", nil),
      ("00-\(trace)0-\(span)-01", nil), ("", nil), ("-", nil), (" 00-\(trace)-\(span)-01", nil),
    ] as [(String, String?)])
  func `What the W3C calls invalid is as if it was not there`(_ text: String, _ flags: String?) {
    let context = TraceContext(text)
    #expect(context?.flags == flags)
    if let context { #expect(context.traceID == Self.trace && context.spanID == Self.span) }
  }

  @Test func `The next hop has the same trace and a span of its own`() throws {
    let context = try #require(TraceContext("00-\(Self.trace)-\(Self.span)-01"))
    let next = context.next("charge.succeeded:2026-11/a:1")
    #expect(next.traceID == context.traceID && next.flags == "01")
    #expect(next.spanID != context.spanID)
    #expect(next == context.next("charge.succeeded:2026-11/a:1"))
    #expect(next.spanID != context.next("charge.succeeded:2026-11/b:1").spanID)
    #expect(TraceContext(next.traceparent) == next)
  }

  /// Publishes the trigger and collects every message on its way by a queue of its own.
  private func traces(traceparent: String?) async throws -> [Event] {
    let world = try await World(
      accounts: [.test("a"), .test("b", card: Account.soft), .test("c", card: nil)])
    let topology = Topology(
      exchanges: [], queues: [.init(name: "all", arguments: [:])],
      bindings: [.init(exchange: MonthClose.exchange, queue: "all", routingKey: "#")])
    _ = try await world.broker.apply(topology)
    var trigger = Event(
      id: "close-2026-11", type: .closeRequested, source: "/cron", time: world.clock.now(),
      data: EventData(period: World.period))
    trigger.traceparent = traceparent
    await world.publish(try trigger.outgoing())
    try await world.run()
    var events: [Event] = []
    _ = try await world.broker.browse("all", page: 100) { deliveries in
      for delivery in deliveries {
        events.append(
          try MessageGate.decode(delivery.body, contentType: delivery.contentType))
      }
    }
    return events
  }

  @Test func `Every message of a close is in the trace of its trigger`() async throws {
    let events = try await traces(traceparent: "00-\(Self.trace)-\(Self.span)-01")
    #expect(events.count > 10)
    // The end of a close has no message that led to it.
    let others = events.filter { $0.type != .closeCompleted }
    #expect(Set(others.map(\.trace.traceID)) == [Self.trace])
    #expect(others.allSatisfy { $0.trace.flags == "01" })
    let spans = Dictionary(grouping: events, by: \.id).mapValues { Set($0.map(\.trace.spanID)) }
    #expect(spans.values.allSatisfy { $0.count == 1 })
    #expect(Set(events.map(\.trace.spanID)).count == spans.count)
  }

  @Test(arguments: [nil, "00-0-0-00", "nonsense"] as [String?])
  func `A trigger without a usable traceparent always begins the same trace`(_ traceparent: String?)
    async throws
  {
    let events = try await traces(traceparent: traceparent)
    let expected = TraceContext.beginning(with: "close-2026-11").traceID
    let others = events.filter { $0.type != .closeCompleted }
    #expect(Set(others.map(\.trace.traceID)) == [expected])
    let caused = others.filter { $0.type != .closeRequested }
    #expect(caused.allSatisfy { TraceContext($0.traceparent) != nil })
  }

  @Test func `The same close made again has the same bytes`() async throws {
    let once = try await traces(traceparent: nil).map { try encode($0) }
    let again = try await traces(traceparent: nil).map { try encode($0) }
    #expect(Set(once) == Set(again))
  }

  @Test func `What is due later begins a trace of its own`() async throws {
    let world = try await World(accounts: [.test("b", card: Account.soft)])
    let due = DueWork(
      service: .charger, kind: .dueCharge, reference: "2026-11/b:2", account: "b",
      invoice: "2026-11/b", dueAt: world.clock.now(), causationID: "invoice.issued:2026-11/b")
    try await world.trigger()
    try await world.run()
    let facts = try #require(try await world.facts("b"))
    let session = LedgerSession(service: .charger, store: world.store, clock: world.clock)
    let body = try due.announcement(facts, from: session) { _ in }.body
    let event = try MessageGate.decode(body, contentType: MonthClose.contentType)
    #expect(event.causationid == "invoice.issued:2026-11/b")
    #expect(event.traceparent == TraceContext.beginning(with: event.id).traceparent)
  }

  @Test func `The gateway is told the trace of a charge`() async throws {
    var request = try ChargeRequest.sample()
    request.traceparent = "00-\(Self.trace)-\(Self.span)-01"
    let sent = request
    let found = #"{"data":[],"has_more":false}"#
    try await withGateway([.json(200, SampleIntent().json), .json(200, found)]) { gateway, server in
      _ = await gateway.charge(sent)
      _ = await gateway.find(sent)
      #expect(server.requests.count == 2)
      for text in server.requests {
        #expect(text.lowercased().contains("\r\ntraceparent: 00-\(Self.trace)-\(Self.span)-01\r\n"))
      }
    }
  }
}
