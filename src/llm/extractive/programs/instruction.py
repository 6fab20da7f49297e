MOST = 400_000  # characters that are read of a prompt
answer = llm_query(context[:MOST])
if len(context) > MOST:
    answer += f"\n\n[only the first {MOST} of {len(context)} characters of the prompt were read]"
FINAL(answer)
