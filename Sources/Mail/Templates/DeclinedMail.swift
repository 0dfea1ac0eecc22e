extension MailTemplate {
  static let declined = MailTemplate(
    accent: "#b45309",
    subject: "Your card was declined: {{open}} for {{period}} is unpaid",
    text: """
      Hello {{name}},

      We tried to charge {{amount}} to your card for invoice {{invoiceNumber}} ({{period}}), \
      but the card was declined{{#reason}} ({{reason}}){{/reason}}. {{open}} is still unpaid.

      {{#isChargedAgain}}
      We will try again{{#nextAttempt}} on {{nextAttempt}}{{/nextAttempt}}. \
      Please make sure your card will work{{#nextAttempt}} by then{{/nextAttempt}}.
      {{/isChargedAgain}}
      {{^isChargedAgain}}
      We will not try this card again. \
      Please pay another way{{#dueDate}} by {{dueDate}}{{/dueDate}}.
      {{/isChargedAgain}}

      """,
    html: MailLayout.headline("Your card was declined", "{{open}} is unpaid")
      + MailLayout.paragraph("Hello {{name}},")
      + MailLayout.paragraph(
        "We tried to charge {{amount}} to your card for invoice {{invoiceNumber}} ({{period}}), "
          + "but the card was declined{{#reason}} ({{reason}}){{/reason}}.")
      + MailLayout.paragraph(
        "{{#isChargedAgain}}We will try again"
          + "{{#nextAttempt}} on <strong>{{nextAttempt}}</strong>{{/nextAttempt}}. "
          + "Please make sure your card will work{{#nextAttempt}} by then{{/nextAttempt}}."
          + "{{/isChargedAgain}}"
          + "{{^isChargedAgain}}We will not try this card again. Please pay another way"
          + "{{#dueDate}} by <strong>{{dueDate}}</strong>{{/dueDate}}.{{/isChargedAgain}}"))
}

/// What a customer is told of why a card was declined.
///
/// Only what they can act on. The holder of a stolen card may be reading this mail, so a code that
/// speaks of theft, fraud or a block list is not repeated: Stripe asks to present those as a plain
/// decline (its table of decline codes). A code that is not here is left out.
enum DeclineReason {
  static func text(_ code: String) -> String? { texts[code] }

  private static let texts = [
    "authentication_required": "it needs your confirmation",
    "card_not_supported": "the card does not support this purchase",
    "card_velocity_exceeded": "its limit is exceeded",
    "currency_not_supported": "the card does not support this currency",
    "expired_card": "expired card",
    "incorrect_address": "incorrect address",
    "incorrect_cvc": "incorrect security code",
    "incorrect_number": "incorrect number",
    "incorrect_zip": "incorrect postal code",
    "insufficient_funds": "insufficient funds",
    "invalid_cvc": "incorrect security code",
    "invalid_expiry_month": "incorrect expiry date",
    "invalid_expiry_year": "incorrect expiry date",
    "invalid_number": "incorrect number",
    "issuer_not_available": "your bank could not be reached",
    "processing_error": "an error at your bank",
    "withdrawal_count_limit_exceeded": "its limit is exceeded",
  ]
}
