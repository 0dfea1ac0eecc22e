import Billing

/// A request that charges, before it is admitted.
struct ChargeOrder: Sendable {
  var route: Route
  var fields: FormFields
  var path: String
  var key: String?
  var requestID: String
}

extension Gateway {
  /// The decision about a request, made before any delay.
  private struct Admission {
    var effect: FaultPlan.Effect
    var step: Step
  }

  private enum Step {
    case replay(StoredAnswer)
    case create(CreateParameters, UInt64)
    case confirm(Int32, paymentMethod: String, offSession: Bool, UInt64)
  }

  /// Admits, waits, charges, waits until the log is on the disk, waits, answers.
  func charge(_ order: ChargeOrder) async throws -> GatewayResponse {
    let admission = try state.withLock { (state) throws(StripeFailure) in
      try admit(order, &state)
    }
    let effect = admission.effect
    if effect.kind == .redirect { return redirected() }
    if effect.kind == .lostHTML { return Self.page(200) }
    let wait = options.latencyMilliseconds + effect.delayMilliseconds
    if case .replay(let answer) = admission.step {
      if wait > 0 { try await options.pause(wait) }
      try await log.durable(log.lastTicket)
      return replayed(answer, effect)
    }
    defer {
      if let key = order.key { state.withLock { $0.book.keys.finish(key) } }
    }
    if wait > 0 { try await options.pause(wait / 2) }
    if effect.kind == .lostThenDrop { return dropped() }
    let (answer, ticket) = try state.withLock { (state) throws(StripeFailure) in
      try execute(admission.step, order, effect, &state)
    }
    try await log.durable(ticket)
    if wait > 0 { try await options.pause(wait - wait / 2) }
    if effect.kind == .chargeThenDrop { return dropped() }
    return response(to: answer, effect.kind)
  }

  // MARK: Under the lock

  private func admit(
    _ order: ChargeOrder, _ state: inout State
  ) throws(StripeFailure) -> Admission {
    let fingerprint = order.fields.fingerprint(path: order.path)
    let now = options.now()
    let verdict: IdempotencyKeys.Verdict
    if let key = order.key {
      guard key.utf8.count <= 255 else {
        throw .invalid("Idempotency keys have up to 255 characters.")
      }
      verdict = state.book.keys.verdict(key, fingerprint: fingerprint, at: now)
    } else {
      verdict = .execute
    }
    let effect = state.faults.effect(
      on: target(order, state.book, willExecute: verdict == .execute))
    try Self.refuse(effect)
    switch verdict {
    case .inUse: throw .keyInUse
    case .otherParameters: throw .otherParameters(order.key ?? "")
    case .replay(let answer):
      state.counts.replayed += 1
      return Admission(effect: effect, step: .replay(answer))
    case .execute:
      let step = try step(order, fingerprint, state.book)
      if effect.kind != .redirect, effect.kind != .lostHTML, let key = order.key {
        state.book.keys.begin(key)
      }
      return Admission(effect: effect, step: step)
    }
  }

  private func target(
    _ order: ChargeOrder, _ book: GatewayBook, willExecute: Bool
  ) -> FaultTarget {
    var target = FaultTarget(
      isPost: true, path: order.path, account: order.fields["metadata[account]"],
      invoice: order.fields["metadata[invoice]"], paymentMethod: order.fields["payment_method"],
      willExecute: willExecute)
    if case .confirm(let id) = order.route, let number = book.intent(id: id) {
      let intent = book.intents[Int(number)]
      target.account = intent.account
      target.invoice = intent.invoice
      target.paymentMethod = target.paymentMethod ?? intent.paymentMethod
    }
    return target
  }

  private func step(
    _ order: ChargeOrder, _ fingerprint: UInt64, _ book: GatewayBook
  ) throws(StripeFailure) -> Step {
    guard case .confirm(let id) = order.route else {
      return .create(
        try CreateParameters(order.fields, smallestAmount: options.smallestAmount), fingerprint)
    }
    try order.fields.allowOnly([
      "payment_method", "off_session", "return_url", "expand", "error_on_requires_action",
    ])
    guard let number = book.intent(id: id) else {
      throw .noSuch("payment_intent", id, param: "intent")
    }
    guard let method = try order.fields.testCard() ?? book.intents[Int(number)].paymentMethod
    else { throw .missing("payment_method") }
    try refuseIfPaid(number, book)
    return .confirm(
      number, paymentMethod: method, offSession: try order.fields.flag("off_session"), fingerprint)
  }

  private func refuseIfPaid(_ number: Int32, _ book: GatewayBook) throws(StripeFailure) {
    guard book.view(number).isPaid else { return }
    throw .invalid(
      "This PaymentIntent has already succeeded.", code: "payment_intent_unexpected_state")
  }

  private func execute(
    _ step: Step, _ order: ChargeOrder, _ effect: FaultPlan.Effect, _ state: inout State
  ) throws(StripeFailure) -> (StoredAnswer, ticket: Int) {
    var line = ChargeLogLine(time: options.now(), event: .intentCreated)
    line.requestID = order.requestID
    line.idempotencyKey = order.key
    switch step {
    case .replay: break
    case .create(let parameters, let fingerprint):
      line.describe(parameters)
      line.fingerprint = order.key.map { _ in String(fingerprint, radix: 16) }
      line.paymentIntent = objects.ids.intent(Int32(state.book.intents.count))
      if parameters.confirm { charge(&line, parameters.offSession, &state) }
    case .confirm(let number, let method, let offSession, let fingerprint):
      try refuseIfPaid(number, state.book)
      line.describe(state.book.intents[Int(number)])
      line.fingerprint = order.key.map { _ in String(fingerprint, radix: 16) }
      line.paymentIntent = objects.ids.intent(number)
      line.paymentMethod = method
      charge(&line, offSession, &state)
    }
    line.answer = line.event == .chargeFailed ? 402 : 200
    if effect.kind == .chargeThen500 { line.answer = 500 }
    if effect.kind == .lost500 { line.lose() }
    return apply(line, &state)
  }

  /// Fills in the outcome that the card, or a rule for it, gives the charge.
  private func charge(_ line: inout ChargeLogLine, _ offSession: Bool, _ state: inout State) {
    let method = line.paymentMethod ?? ""
    let rule = state.outcomes.take(account: line.account ?? "", paymentMethod: method)
    let card = TestCard.byPaymentMethod[method]?.result(offSession: offSession)
    line.charge = objects.ids.charge(Int32(state.book.charges.count))
    switch rule ?? card ?? .declined(.genericDecline) {
    case .succeeded:
      line.event = .chargeSucceeded
      line.status = "succeeded"
    case .requiresAction:
      line.event = .actionRequired
      line.status = "requires_action"
    case .declined(let decline):
      line.event = .chargeFailed
      line.status = "requires_payment_method"
      line.declineCode = decline.rawValue
    }
  }

  private func apply(_ line: ChargeLogLine, _ state: inout State) -> (StoredAnswer, ticket: Int) {
    let ticket = log.append(line.bytes)
    do { try state.book.apply(line) } catch {
      preconditionFailure("a line made by this program does not fit: \(error)")
    }
    let answer = StoredAnswer(
      status: UInt16(line.answer ?? 200),
      intent: line.paymentIntent.flatMap(objects.ids.intentNumber),
      charge: line.charge.flatMap(objects.ids.chargeNumber),
      request: state.book.requests)
    return (answer, ticket)
  }
}

extension ChargeLogLine {
  fileprivate mutating func describe(_ parameters: CreateParameters) {
    amount = parameters.amount
    currency = parameters.currency.code.lowercased()
    status = parameters.paymentMethod == nil ? "requires_payment_method" : "requires_confirmation"
    paymentMethod = parameters.paymentMethod
    customer = parameters.customer
    details = parameters.details
    metadata = parameters.metadata
    invoice = parameters.metadata["invoice"]
    account = parameters.metadata["account"]
    attempt = parameters.metadata["attempt"]
  }

  fileprivate mutating func describe(_ intent: PaymentIntent) {
    amount = intent.amount
    currency = intent.currency.code.lowercased()
    invoice = intent.invoice
    account = intent.account
    attempt = intent.attempt
  }

  /// The request had no effect, and its 500 is stored.
  fileprivate mutating func lose() {
    event = .requestLost
    paymentIntent = nil
    charge = nil
    status = "lost"
    declineCode = nil
    answer = 500
  }
}
