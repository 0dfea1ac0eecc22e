import Billing
import Broker
import Foundation
import Ledger
import Payments
import Services
import Synchronization

@testable import closectl

/// Runs commands as a shell would, over a store file and a broker in memory.
final class Console: Sendable {
  struct Said: Sendable {
    var status: closectl.ExitStatus
    var out: String
    var err: String
  }

  let broker: InMemoryBroker?
  /// What the gateway lists; a fault: it cannot be asked.
  let listed = Mutex<Result<[GatewayCharge], GatewayListFault>>(.success([]))
  private let store: String
  private let clock: LedgerClock
  private let isTerminal: Bool

  init(_ scratch: Scratch, broker: InMemoryBroker?, now: String = "2026-12-03T00:00:00Z") throws {
    self.broker = broker
    let instant = try Instant(rfc3339: now)
    clock = LedgerClock { instant }
    store = "sqlite:" + scratch.path("ledger.db")
    isTerminal = false
  }

  func run(_ arguments: String..., environment: [String: String] = [:]) async -> Said {
    await run(arguments, environment: environment)
  }

  func run(_ arguments: [String], environment: [String: String] = [:]) async -> Said {
    let out = Text()
    let err = Text()
    var all = ["MONTHCLOSE_STORE_URL": store]
    all.merge(environment) { $1 }
    let output = Output(
      print: out.add, note: err.add, isTerminal: isTerminal, noteIsTerminal: isTerminal,
      environment: all)
    var doors = SessionDependencies()
    doors.triggerPatience = .seconds(1)
    if environment["MONTHCLOSE_CLOCK_FILE"] == nil { doors.clock = clock }
    let broker = broker
    doors.connect = { _, _ in
      guard let broker else {
        throw BrokerError.unreachable(host: "127.0.0.1", port: 5672, why: "connection refused")
      }
      return broker.anotherConnection()
    }
    doors.gateway = { [self] _, _ in
      PaymentGateway(
        charge: { _ in .unknown("closectl charges nothing") },
        find: { _ in .unknown("closectl looks nothing up") },
        list: { _, _ in
          GatewayChargePage(charges: try self.listed.withLock { try $0.get() }, hasMore: false)
        })
    }
    let program = Program(environment: all, output: output, doors: doors)
    let status = await program.run(arguments)
    return Said(status: status, out: out.all, err: err.all)
  }
}

final class Text: Sendable {
  private let text = Mutex("")
  func add(_ more: String) { text.withLock { $0 += more } }
  var all: String { text.withLock { $0 } }
}

/// The one JSON document a command printed.
func document(_ text: String) throws -> [String: Any] {
  let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
  guard let document = object as? [String: Any] else { throw NotADocument(text: text) }
  return document
}

struct NotADocument: Error { var text: String }
