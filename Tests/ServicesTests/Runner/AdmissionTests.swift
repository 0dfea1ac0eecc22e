import Billing
import Broker
import Ledger
import Testing

@testable import Services

/// What a delivery must satisfy before the ledger is asked about it.
@Suite struct AdmissionTests {
  private let charger = Admission(service: .charger, user: "mc-charger")
  private let invoicer = Admission(service: .invoicer, user: "mc-invoicer")

  private func reason(_ admission: Admission, _ delivery: Delivery) -> FaultReason? {
    switch admission.job(from: delivery) {
    case .admitted: nil
    case .refused(let fault): fault.reason
    }
  }

  private func issued(
    under key: String = "invoice.issued", headers: [String: HeaderValue] = [:]
  ) throws -> Delivery {
    .test(under: key, headers: headers, body: try encode(EventSamples.event(.invoiceIssued)))
  }

  private func trigger(
    under key: String, to service: ServiceName = .invoicer, user: String? = nil
  ) throws -> Delivery {
    .test(
      under: key, queue: service.rawValue, user: user,
      body: try encode(EventSamples.event(.closeRequested)))
  }

  @Test func `A message under its own key is admitted with its history`() throws {
    let delivery = try issued(headers: [Header.attempts: .integer(2)])
    guard case .admitted(let job) = charger.job(from: delivery) else {
      Issue.record("refused")
      return
    }
    #expect(job.type == .invoiceIssued && job.history.attempts == 2)
    #expect(job.delivery.tag == delivery.tag)
  }

  @Test(arguments: ["invoice.issued", "replay.charger", "charger"])
  func `A message may arrive by its key, as a replay, or from a delay queue`(key: String) throws {
    #expect(reason(charger, try issued(under: key)) == nil)
  }

  @Test(arguments: ["charge.succeeded", "replay.mailer", "mailer", ""])
  func `A message under any other key is refused`(key: String) throws {
    #expect(reason(charger, try issued(under: key)) == .otherKey)
  }

  @Test(arguments: ["CC", "BCC"])
  func `A header that sends copies elsewhere is refused`(name: String) throws {
    let headers: [String: HeaderValue] = [name: .list(["close.requested"])]
    #expect(reason(charger, try issued(headers: headers)) == .copied)
  }

  @Test func `Headers that no copy could carry are refused`() throws {
    let long = String(repeating: "x", count: OutgoingMessage.maximumHeaderBytes)
    #expect(reason(charger, try issued(headers: ["note": .string(long)])) == .headersTooLarge)
    let name = String(repeating: "n", count: 129)
    #expect(reason(charger, try issued(headers: [name: .string("x")])) == .headersTooLarge)
  }

  @Test func `A body that is no message is refused in the gate's words`() {
    #expect(reason(charger, .test(body: Array("{".utf8))) == .notJSON)
  }

  @Test func `Only the invoicer is triggered`() throws {
    let delivery = try trigger(under: "close.requested", to: .charger)
    #expect(reason(charger, delivery) == .unexpectedType)
    #expect(reason(invoicer, try trigger(under: "close.requested")) == nil)
  }

  @Test func `A trigger from a delay queue must have been put there by ourselves`() throws {
    #expect(reason(invoicer, try trigger(under: "invoicer", user: "mc-invoicer")) == nil)
    #expect(reason(invoicer, try trigger(under: "invoicer", user: "cron")) == .otherKey)
    #expect(reason(invoicer, try trigger(under: "invoicer")) == .otherKey)
    let nameless = Admission(service: .invoicer, user: nil)
    #expect(reason(nameless, try trigger(under: "invoicer")) == nil, "only the broker knows")
  }

  @Test func `The ledger is asked for the dead letter that a replayed trigger was`() throws {
    guard case .admitted(let plain) = invoicer.job(from: try trigger(under: "close.requested")),
      case .admitted(let replay) = invoicer.job(from: try trigger(under: "replay.invoicer")),
      case .admitted(let issued) = charger.job(from: try issued(under: "replay.charger"))
    else {
      Issue.record("refused")
      return
    }
    #expect(plain.received.sender == nil && plain.received.replay == nil)
    let hash = BodyHash.hex(replay.delivery.body)
    #expect(
      replay.received.replay
        == ReplayedLetter(
          id: DeadLetter.id(queue: "invoicer.dead", messageID: "m", bodyHash: hash),
          bodyHash: hash))
    #expect(issued.received.sender == .invoicer && issued.received.replay == nil)
  }
}
