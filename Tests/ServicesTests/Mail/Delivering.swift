import Synchronization

@testable import Mail

/// All answers at once, in the order of the mails.
extension MailServer {
  func send(_ mails: [OutgoingMail]) async -> [MailAnswer] { await answers(mails, deliver) }
}

extension SMTPPool {
  func send(_ mails: [OutgoingMail]) async -> [MailAnswer] {
    await answers(mails) { await self.deliver($0, $1) }
  }
}

private func answers(
  _ mails: [OutgoingMail],
  _ deliver: ([OutgoingMail], MailCalls) async -> Void
) async -> [MailAnswer] {
  let heard = Heard(mails.count)
  await deliver(mails, MailCalls { heard.add($1, at: $0) })
  return heard.answers
}

private final class Heard: Sendable {
  private let all: Mutex<[MailAnswer?]>

  init(_ count: Int) { all = Mutex(Array(repeating: nil, count: count)) }

  /// One heard of twice would count twice.
  func add(_ answer: MailAnswer, at index: Int) {
    all.withLock { all in
      precondition(all[index] == nil, "mail \(index) is answered twice")
      all[index] = answer
    }
  }

  var answers: [MailAnswer] { all.withLock { $0.compactMap { $0 } } }
}
