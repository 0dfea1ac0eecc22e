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
