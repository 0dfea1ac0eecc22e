import Billing

/// A batch divided into parts, in order, within which the changes are independent: their reads can
/// be made beforehand and their writes together.
struct ChangeWaves: Sequence, IteratorProtocol {
  private var rest: ArraySlice<Change>

  init(_ changes: [Change]) {
    rest = changes[...]
  }

  mutating func next() -> [Change]? {
    if rest.isEmpty { return nil }
    var taken: Set<String> = []
    let end = rest.firstIndex { change in
      let concerns = change.concerns
      if !taken.isDisjoint(with: concerns) { return true }
      taken.formUnion(concerns)
      return false
    }
    let wave = Array(rest[..<(end ?? rest.endIndex)])
    rest = rest[(end ?? rest.endIndex)...]
    return wave
  }
}

extension Change {
  /// Accounts it may write to.
  var accounts: [String] {
    writes.compactMap { write -> String? in
      switch write {
      case .issue(let draft): draft.account
      case .post(let transaction): transaction.account
      case .attempt(let attempt), .settle(let attempt), .reopen(let attempt): attempt.account
      case .mail(let mail), .mailEnd(let mail), .mailReopen(let mail): mail.account
      case .mailAgain(let key), .mailWaits(let key, _): key.account
      case .placeHold(let account, _), .liftHold(let account, _), .progress(let account, _, _, _),
        .oweAgain(let account, _):
        account
      case .schedule(let work): work.account
      case .cancelDue, .rangeDone, .closeRun, .record, .keysKept: nil
      }
    } + [account].compactMap { $0 }
  }

  /// Whether it takes a number that everyone shares.
  var isNumbered: Bool {
    writes.contains { write in
      switch write {
      case .issue, .post: true
      default: false
      }
    }
  }

  /// Periods whose close it ends.
  var endedRuns: [Period] {
    writes.compactMap { write in
      if case .closeRun(let period, _) = write { period } else { nil }
    }
  }

  var issues: Int {
    writes.count { write in
      if case .issue = write { true } else { false }
    }
  }

  fileprivate var concerns: Set<String> {
    var concerns = Set(accounts.map { "account \($0)" })
    concerns.insert("message \(service.rawValue) \(messageID) \(account ?? "")")
    for event in events { concerns.insert("event \(event.id)") }
    for write in writes {
      switch write {
      case .cancelDue(_, _, let invoice): concerns.insert("invoice \(invoice)")
      case .attempt(let attempt): concerns.insert("attempt \(attempt.key)")
      case .post(let posting) where posting.kind.reversal != nil:
        concerns.insert("reference \(posting.kind.rawValue) \(posting.reference)")
      case .record(let record): concerns.insert("charge \(record.charge.id)")
      case .keysKept(let gateway): concerns.insert("gateway \(gateway)")
      case .rangeDone(let period, _), .closeRun(let period, _): concerns.insert("run \(period)")
      default: break
      }
    }
    return concerns
  }
}
