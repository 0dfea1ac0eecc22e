import Billing
import Broker
import Ledger
import Pipeline

/// Reads where a close is, from the ledger and the dead letter queues.
struct StatusReader {
  private static let page = 10_000

  let period: Period
  let session: Session

  /// `watching`: asked again and again, so nothing that takes its time is read, and letters are not
  /// taken in hand: each look counts one delivery more.
  func read(watching: Bool = false) async throws -> CloseStatus {
    let store = try await session.store()
    var status: CloseStatus
    if let progress = try await store.progress(period) {
      status = CloseStatus(progress)
    } else {
      status = CloseStatus(
        period: period, accounts: watching ? 0 : try await countAccounts(store))
    }
    status.dead = Known(await deadLetters())
    if !watching, status.dead.value ?? 0 > 0 {
      status.deadLetters = await DeadTallyReader(session: session).read()
    }
    return status
  }

  private func countAccounts(_ store: any Store) async throws -> Int {
    var count = 0
    var after: String?
    while true {
      let ids = try await store.accountIDs(after: after, limit: Self.page)
      count += ids.count
      guard ids.count == Self.page else { return count }
      after = ids.last
    }
  }

  /// `nil` when the broker cannot be asked: the ledger's part is still worth showing.
  private func deadLetters() async -> Int? {
    let consequence = DeadTallyReader.consequence
    guard let broker = await session.brokerIfReachable(otherwise: consequence) else { return nil }
    do {
      var sum = 0
      for service in MonthClose.services {
        let depth = try await broker.depth(of: MonthClose.deadQueue(of: service))
        sum += depth?.messages ?? 0
      }
      return sum
    } catch {
      await session.noteOnce("\(error); \(consequence)")
      return nil
    }
  }
}
